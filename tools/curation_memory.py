"""Measures the most memory that `rexbert curate filter` takes as a stage with a thread for each core, on one large
file of JSON lines. Standard library only.

usage: curation_memory.py TRUTH_DIR OUTPUT_JSON [--bytes N]

TRUTH_DIR is what scripts/curation_truth.sh left: its documents for testing are the input, over and over to
N bytes (default 2000000000), and its models those of the filter. About 2 minutes on two cores, and N bytes of
disk for a time. The exit status is not 0 where the memory reaches its limit.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from compare_peers import REXBERT, ROOT, machine

LIMIT = 1 << 30


def write_copies(source, size, target):
    """Copies of the source to at least so many bytes; returns how many bytes there are."""
    documents = source.read_bytes()
    written = 0
    with open(target, "wb") as file:
        while written < size:
            written += file.write(documents)
    return written


def run(words):
    """Seconds and the most resident bytes of a command, which must succeed."""
    begin = time.perf_counter()
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {process.returncode}")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    arguments = parser.parse_args()
    truth = arguments.truth.resolve()
    models = truth / "weak/train-classifier"
    domains = sorted(path.stem for path in models.glob("*.ftz"))
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        size = write_copies(truth / "test/crawl.jsonl", arguments.bytes, folder / "crawl.jsonl")
        (folder / "run").mkdir()
        (folder / "run/train-classifier").symlink_to(models)
        seconds, peak = run([
            REXBERT, "curate", "filter", "--config", ROOT / "configs/curate/truth.yaml", "--set",
            f"run.directory={folder}/run", "--set", f"input.paths=[{folder}/crawl.jsonl]", "--set",
            f"explore.domains=[{','.join(domains)}]"])
        counts = json.loads((folder / "run/filter/00000-crawl.jsonl.json").read_text(encoding="utf8"))["domains"]
    result = {"name": "curate filter, most memory", "input_bytes": size,
              "documents": sum(domain["documents"] for domain in counts.values()),
              "kept_documents": sum(domain.get("kept_documents", 0) for domain in counts.values()),
              "seconds": seconds, "peak_memory_mib": peak / (1 << 20), "limit_mib": LIMIT / (1 << 20)}
    print(f"{size / 1e9:.2f} GB, {result['documents']:,} documents in {seconds:.0f} s: at the most "
          f"{result['peak_memory_mib']:.0f} MiB (below {result['limit_mib']:.0f} wanted)")
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": [result]}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    sys.exit("too much memory" if peak >= LIMIT else 0)


if __name__ == "__main__":
    main()
