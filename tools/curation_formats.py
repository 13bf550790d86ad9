"""Shows that the same documents as JSON lines, the same compressed by zstd, and Parquet come out of
`rexbert curate filter`, `dedup` and `write` the same, byte for byte but for the name of the file that they are from.

usage: curation_formats.py TRUTH_DIR OUTPUT_JSON [--bytes N]

TRUTH_DIR is what scripts/curation_truth.sh left: passages of its documents for testing, with odd characters and
line ends among them and some documents twice, make an input of N bytes (default 500000000), and its models are those
of the filter. Needs the command zstd and what `scripts/setup.sh --parquet` fetches, and a build that reads Parquet.
About 5 minutes on two cores and five times N bytes of disk for a time. The exit status is not 0 where anything differs.
"""
import argparse
import collections
import datetime
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from compare_peers import REXBERT, ROOT, machine, output_of

SEED = 20
STAGES = ("filter", "dedup", "write")
COLUMNS = ("id", "text", "url", "domain", "date", "score")
ROWS_AT_ONCE = 5000
ODD_LINES = (
    "", " \t ", "Größe 42½ – Preis: 1 299,00 €", "价格：￥199，包邮 🚚", "سعر المنتج ١٢٣ ريال", "e\u0301 and \u00e9",
    "👩‍👩‍👧‍👦 family pack", "a\u2028b\u2029c\u0085d", "\ufeffmark", "zero\u200bwidth\u00a0space", "bell \x07 escape \x1b del \x7f",
    'quote " backslash \\ slash / </script>', "tab\there, form\x0cfeed, vertical\x0btab", "\U0010ffff\ufffd\ufffe",
    "{\"text\": \"not a member\"}", "word " * 3000)


def made_documents(planted, size):
    """Documents of passages of planted ones until their JSON has so many bytes."""
    rng = random.Random(SEED)
    texts = collections.defaultdict(list)
    with open(planted, encoding="utf8") as file:
        for line in file:
            document = json.loads(line)
            texts[document["domain"]].append(document["text"].split("\n"))
    domains = sorted(texts)
    written, number, text = 0, 0, ""
    while written < size:
        domain = rng.choice(domains)
        if rng.random() > 0.1:
            lines = []
            for _ in range(rng.randint(1, 4)):
                passage = rng.choice(texts[domain])
                begin = rng.randrange(len(passage))
                lines += passage[begin:begin + rng.randint(2, 20)]
            if rng.random() < 0.3:
                lines.insert(rng.randint(0, len(lines)), rng.choice(ODD_LINES))
            text = rng.choice(("\n", "\n", "\r\n", "\r", "\n\n")).join(lines)
        document = {"id": f"{domain}-{number}", "text": text, "domain": domain}
        if rng.random() < 0.5:
            document |= {"url": f"https://shop.example/ü/{number}?a=1&b=2", "date": "2024-02-29T12:00:00Z"}
        if rng.random() < 0.5:
            document["score"] = rng.choice((rng.random(), rng.random() * 1e-9, float(rng.randint(-5, 5))))
        if rng.random() < 0.01:
            document["text"] = rng.choice(("", " \n\t\n"))
        line = json.dumps(document, ensure_ascii=rng.random() < 0.5) + "\n"
        written += len(line.encode())
        number += 1
        yield line


def write_parquet(source, target):
    sys.path.insert(0, str(ROOT / ".deps/pyarrow"))
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        sys.exit(f"{error}: run scripts/setup.sh --parquet")
    schema = pyarrow.schema([(name, pyarrow.float64() if name == "score" else pyarrow.string()) for name in COLUMNS])
    with open(source, encoding="utf8", newline="\n") as file, \
            pyarrow.parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        rows = []
        for line in file:
            rows.append(json.loads(line))
            if len(rows) == ROWS_AT_ONCE:
                writer.write_table(pyarrow.Table.from_pylist(rows, schema))
                rows = []
        writer.write_table(pyarrow.Table.from_pylist(rows, schema))


def curate(truth, source, run):
    models = truth / "weak/train-classifier"
    domains = sorted(path.stem for path in models.glob("*.ftz"))
    run.mkdir()
    (run / "train-classifier").symlink_to(models)
    for stage in STAGES:
        output_of([REXBERT, "curate", stage, "--config", ROOT / "configs/curate/truth.yaml", "--set",
                   f"run.directory={run}", "--set", f"input.paths=[{source}]", "--set",
                   f"explore.domains=[{','.join(domains)}]"])


def documents_of(path, source):
    """How many documents a file holds, and the hash of all but their file's name."""
    name = f'"file":{json.dumps(str(source), ensure_ascii=False)}'.encode()
    count, digest = 0, hashlib.sha256()
    with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.count(name) != 1:
                sys.exit(f"{path}: expected {name.decode()} in each document, got {line[:500]!r}")
            count += 1
            digest.update(line.replace(name, b'"file":""'))
    if process.returncode:
        sys.exit(f"{path}: zstd ended with status {process.returncode}")
    return {"documents": count, "sha256": digest.hexdigest()}


def outcome(run, source):
    """What each stage left, and what it counted."""
    name = f"00000-{source.name}"  # of what is made of the first input file
    left = {stage: documents_of(run / stage / f"{name}.jsonl.zst", source) for stage in ("filter", "dedup")}
    for path in sorted((run / "corpus").glob("*.jsonl.zst")):
        left[f"corpus/{path.name.partition('.')[0]}"] = documents_of(path, source)
    for stage, path in {"filter": f"filter/{name}.json", "dedup": "dedup/dedup.json",
                        "write": "write/corpus.json"}.items():
        left[f"counts of {stage}"] = json.loads((run / path).read_text(encoding="utf8"))
    return left


def difference(left, first):
    """The names of all that is not as the first input's outcome."""
    return sorted(name for name in left.keys() | first.keys() if left.get(name) != first.get(name))


def print_row(row, left):
    documents = {stage: left[stage]["documents"] for stage in ("filter", "dedup")}
    documents["write"] = sum(part["documents"] for name, part in left.items() if name.startswith("corpus/"))
    print(f"{row['input']:16}{row['bytes'] / 1e6:8.0f}{row['seconds']:9.0f}"
          + "".join(f"{documents[stage]:12,}" for stage in STAGES) + f"  {', '.join(row['differs']) or 'the same'}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--bytes", type=int, default=500_000_000)
    arguments = parser.parse_args()
    truth = arguments.truth.resolve()
    rows, first = [], None
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        plain = folder / "crawl.jsonl"
        with open(plain, "w", encoding="utf8", newline="\n") as file:
            file.writelines(made_documents(truth / "test/crawl.jsonl", arguments.bytes))
        output_of(["zstd", "-q", plain, "-o", folder / "crawl.jsonl.zst"])
        write_parquet(plain, folder / "crawl.parquet")
        print(f"{'input':16}{'MB':>8}{'seconds':>9}" + "".join(f"{stage:>12}" for stage in STAGES) + "  documents",
              flush=True)
        for source in (plain, folder / "crawl.jsonl.zst", folder / "crawl.parquet"):
            begin = time.perf_counter()
            curate(truth, source, folder / f"run-{source.name}")
            seconds = time.perf_counter() - begin
            left = outcome(folder / f"run-{source.name}", source)
            first = first or left
            rows.append({"input": source.name, "bytes": source.stat().st_size, "seconds": seconds,
                         "differs": difference(left, first)})
            print_row(rows[-1], left)
    result = {"name": "the same documents in three formats", "inputs": rows, "outputs": first}
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": [result]}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    differing = [row["input"] for row in rows if row["differs"]]
    sys.exit(f"not the same as {rows[0]['input']}: {', '.join(differing)}" if differing else 0)


if __name__ == "__main__":
    main()
