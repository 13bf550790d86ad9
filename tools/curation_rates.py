"""Times every stage of `rexbert curate` on one core, and says what a whole crawl would take at these rates.

usage: curation_rates.py TRUTH_DIR OUTPUT_JSON [--megabytes N]

TRUTH_DIR is what scripts/curation_truth.sh left; N megabytes of text (default 500) are made of its documents, each copy
with other words in it, so that they are no duplicates. Stages that read the whole input (explore, sample, filter) are
timed on all of it, dedup and write on what was kept. Standard library only. About 3 minutes for each 500 MB; leave the
machine alone meanwhile.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from compare_peers import ONE_CORE, REXBERT, ROOT, machine

STAGES = ("explore", "sample", "label", "train-classifier", "filter", "dedup", "write")
WORD = re.compile(r"\b[a-z]{6,}\b")


def make_crawl(documents, text_bytes, folder):
    """Copies of the documents, one word in four given a suffix of its copy's own, in files of 64 MB."""
    folder.mkdir()
    written = copy = 0
    file = None
    while written < text_bytes:
        for number, document in enumerate(documents):
            if file is None or file.tell() > 64_000_000:
                if file:
                    file.close()
                file = open(folder / f"crawl-{written // 1_000_000:05d}.jsonl", "w", encoding="utf8")
            seen = iter(range(1_000_000))
            text = WORD.sub(lambda match: match[0] + f"q{copy}" if next(seen) % 4 == copy % 4 else match[0],
                            document["text"]) if copy else document["text"]
            file.write(json.dumps(dict(document, id=f"{copy}-{number}", text=text), ensure_ascii=False) + "\n")
            written += len(text.encode())
            if written >= text_bytes:
                break
        copy += 1
    file.close()
    return written


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=500)
    arguments = parser.parse_args()
    with open(arguments.truth / "test/crawl.jsonl", encoding="utf8") as file:
        documents = [json.loads(line) for line in file]
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        read = make_crawl(documents, arguments.megabytes * 1_000_000, work / "crawl")
        seconds = {}
        for stage in STAGES:
            words = [*ONE_CORE, REXBERT, "curate", stage, "--config", ROOT / "configs/curate/truth.yaml", "--set",
                     f"run.directory={work}/run", "--set", f"input.paths=[{work}/crawl]", "--set", "run.threads=1",
                     "--set", "filter.min_share=0.05", "--set", "filter.min_bytes=100"]
            begin = time.perf_counter()
            done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{stage}: status {done.returncode}\n{done.stderr[-2000:]}")
            seconds[stage] = time.perf_counter() - begin
            print(f"{stage}: {seconds[stage]:.1f} s", flush=True)
        kept = kept_documents = 0
        for counts in (work / "run/filter").glob("0*.json"):
            for domain in json.loads(counts.read_text(encoding="utf8"))["domains"].values():
                kept += domain.get("kept_bytes", 0)
                kept_documents += domain.get("kept_documents", 0)
        spill = json.loads((work / "run/dedup/dedup.json").read_text(encoding="utf8"))
    rates = {stage: (read if stage in ("explore", "sample", "filter") else kept) / seconds[stage] / 1e6
             for stage in STAGES if stage not in ("label", "train-classifier")}
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "text_megabytes": read / 1e6,
              "kept_megabytes": kept / 1e6, "kept_documents": kept_documents, "dedup": spill, "seconds": seconds,
              "megabytes_of_text_a_second_on_one_core": rates}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
