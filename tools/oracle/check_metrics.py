"""Compares metrics with scikit-learn, scipy, numpy and seqeval on random inputs.

usage: check_metrics.py PATH_OF_rexbert_metrics_cases [SEED [COUNT]]
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile

from metric_cases import draw_cases


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3500
    cases = draw_cases(seed, count, 300)
    drawn = collections.Counter(
        case["kind"] + " (refused)" * (case["expected"] == "refused") for case in cases)
    print(", ".join(f"{number} {kind}" for kind, number in sorted(drawn.items())))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "cases.json"
        path.write_text(json.dumps(cases), encoding="utf-8")
        sys.stdout.flush()
        return subprocess.run([sys.argv[1], path], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
