"""Times `rexbert curate filter` beside the same line filter in datatrove with the same fastText model: JSON lines
in, JSON lines out, alternating runs on one core, all costs counted, medians and spread, and the ratio of the
medians. Ours makes features and weighs neighbours; datatrove gets the bare lines, once by its own filter, which
takes a line at a time, and once by one that takes a document's lines at a time.

usage: curation_peers.py TRUTH_DIR PEER_VENV OUTPUT_JSON [--copies N]

TRUTH_DIR is what scripts/curation_truth.sh left; PEER_VENV a folder that gets a virtual environment of
tools/datatrove-requirements.txt. N (default 20) is how often the documents are read, 3.7 MB of lines each.
About 10 minutes; leave the machine alone meanwhile. The exit status is not 0 where a ratio misses its target.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

from compare_peers import ONE_CORE, REXBERT, ROOT, alternate, machine, output_of, summary

DOMAIN = "reference"
TARGET = 2
MIN_SHARE, MIN_BYTES = 0.05, 100


def python_of(folder):
    """The Python of that virtual environment, made where it is not there."""
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    output_of([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--requirement",
               ROOT / "tools/datatrove-requirements.txt"])
    return python


def count_of(path):
    """Documents and lines of a file of JSON lines."""
    with open(path, encoding="utf8") as file:
        lines = [len(json.loads(line)["text"].rstrip("\n").split("\n")) for line in file]
    return {"documents": len(lines), "lines": sum(lines)}


def seconds_of(words, source, target):
    begin = time.perf_counter()
    with open(source, "rb") as standard_in, open(target, "wb") as standard_out:
        done = subprocess.run([str(word) for word in words], stdin=standard_in, stdout=standard_out,
                              stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return seconds


def compare(kind, truth, python, copies):
    model = truth / f"weak/train-classifier/{DOMAIN}"
    threshold = json.loads(model.with_suffix(".json").read_text(encoding="utf8"))["threshold"]
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        crawl, ours_out, peer_out = folder / "in/crawl.jsonl", folder / "ours.jsonl", folder / "peer"
        with open(truth / "test/crawl.jsonl", encoding="utf8") as file:
            documents = [line for line in file if json.loads(line)["domain"] == DOMAIN]
        crawl.parent.mkdir()
        crawl.write_text("".join(documents) * copies, encoding="utf8")
        size = copies * sum(len(json.loads(line)["text"].encode()) + 1 for line in documents)
        ours = [*ONE_CORE, REXBERT, "curate", "filter", "--stdin", "--stdout", "--config",
                ROOT / "configs/curate/truth.yaml", "--set", f"run.directory={truth}/weak", "--set",
                f"input.paths=[{truth}/train]", "--set", f"explore.domains=[{DOMAIN}]", "--set", "run.threads=1",
                "--set", f"filter.min_share={MIN_SHARE}", "--set", f"filter.min_bytes={MIN_BYTES}"]
        peer = [*ONE_CORE, python, ROOT / "tools/datatrove_filter.py", kind, crawl, peer_out,
                model.with_suffix(".ftz"), threshold, MIN_SHARE, MIN_BYTES]
        print(f"{len(documents) * copies} documents, {size / 1e6:.0f} MB of lines, one core, {kind}", flush=True)
        rates = alternate(lambda: size / seconds_of(ours, crawl, ours_out),
                          lambda: size / seconds_of(peer, "/dev/null", folder / "log.txt"))
        return summary(f"curate filter beside datatrove, {kind}", "bytes of lines/s", rates, TARGET,
                       read=count_of(crawl), kept={"rexbert": count_of(ours_out),
                                                   "peer": count_of(peer_out / "00000.jsonl")})


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("venv", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--copies", type=int, default=20)
    arguments = parser.parse_args()
    python = python_of(arguments.venv.resolve())
    results = [compare(kind, arguments.truth.resolve(), python, arguments.copies) for kind in ("batched", "own")]
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": results}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    missed = [result["name"] for result in results if result["ratio"] < TARGET]
    sys.exit(f"below the target: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
