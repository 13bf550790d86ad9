"""Times `rexbert curate filter` beside fastText's own command with the same model on the same lines:
alternating runs on one core, medians and spread, and the ratio of the medians. Ours reads and writes JSON,
makes features and weighs neighbours; fastText's gets the bare lines. Standard library only.

usage: curation_speed.py TRUTH_DIR OUTPUT_JSON

TRUTH_DIR is what scripts/curation_truth.sh left. Needs Debian's package fasttext. About 2 minutes; leave
the machine alone meanwhile. The exit status is not 0 where the ratio misses its target.
"""
import argparse
import datetime
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from compare_peers import ONE_CORE, REXBERT, ROOT, alternate, machine, summary

DOMAIN = "reference"
COPIES = 20
TARGET = 0.9


def seconds_of(words, source):
    begin = time.perf_counter()
    with open(source, "rb") as file:
        done = subprocess.run([str(word) for word in words], stdin=file, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    arguments = parser.parse_args()
    truth = arguments.truth.resolve()
    with tempfile.TemporaryDirectory() as directory:
        crawl, lines = pathlib.Path(directory) / "crawl.jsonl", pathlib.Path(directory) / "lines.txt"
        with open(truth / "test/crawl.jsonl", encoding="utf8") as file:
            documents = [line for line in file if json.loads(line)["domain"] == DOMAIN]
        texts = [json.loads(line)["text"].strip() + "\n" for line in documents]
        crawl.write_text("".join(documents) * COPIES, encoding="utf8")
        lines.write_text("".join(texts) * COPIES, encoding="utf8")
        size = lines.stat().st_size
        ours = [*ONE_CORE, REXBERT, "curate", "filter", "--stdin", "--stdout", "--config",
                ROOT / "configs/curate/truth.yaml", "--set", f"run.directory={truth}/weak", "--set",
                f"input.paths=[{truth}/train]", "--set", f"explore.domains=[{DOMAIN}]", "--set", "run.threads=1"]
        peer = [*ONE_CORE, "fasttext", "predict-prob", truth / f"weak/train-classifier/{DOMAIN}.ftz", "-", "2"]
        rates = alternate(lambda: size / seconds_of(ours, crawl), lambda: size / seconds_of(peer, lines))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result = summary("curate filter beside fasttext predict-prob", "bytes of lines/s", rates, TARGET,
                     documents=len(documents) * COPIES, peak_memory_mib_of_either=peak)
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": [result]}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    sys.exit(f"below the target of {TARGET}" if result["ratio"] < TARGET else 0)


if __name__ == "__main__":
    main()
