"""Writes tests/golden/metrics.json, the committed cases of metrics: make_metrics_golden.py [PATH]."""

import json
import pathlib
import sys

from metric_cases import draw_cases

if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/metrics.json"
    cases = [json.dumps(case, ensure_ascii=False) for case in draw_cases(1, 84, 20)]
    path.write_text("[\n" + ",\n".join(cases) + "\n]\n", encoding="utf-8")
    print(f"{path}: {len(cases)} cases")
