"""Times the command side by side with what a user would otherwise pick: alternating runs on one
machine, medians and spread, and the ratio of the medians. Standard library only.

usage: compare_peers.py train    PEERS_DIR OUTPUT_JSON
       compare_peers.py tokenize PEERS_DIR OUTPUT_JSON TOKENIZER_DIR TEXT_JSONL_ZST...
       compare_peers.py loader   PEERS_DIR OUTPUT_JSON TOKENIZER_DIR SHARDS...

PEERS_DIR holds the scripts that time the peers: hf_train.py (transformers' ModernBertForMaskedLM with
--sparse, eager and with --compile), encode.py (SentencePiece) and mds_read.py (mosaicml-streaming). They run in
.deps/oracle, which `scripts/setup.sh --oracle` makes. `train` takes about 70 minutes, the others 5. `loader` also
times rexbert's steps on the shards for how long they wait. The exit status is not 0 where a ratio, the
loader's rate or that wait misses its target. Leave the machine alone meanwhile. scripts/compare.sh runs all of it.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
REXBERT = os.environ.get("REXBERT", ROOT / "build/release/bin/rexbert")
PYTHON = ROOT / ".deps/oracle/bin/python"
REPEATS = 5
TEXT_BYTES = 20_000_000
ONE_CORE = ["taskset", "-c", "0"]


def machine():
    with open("/proc/cpuinfo", encoding="utf8") as file:
        lines = file.read().splitlines()
    name = next((line.split(": ", 1)[1].strip() for line in lines if line.startswith("model name")), "?")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return {"processor": name, "cores": os.cpu_count(), "instruction_sets": wide}


def output_of(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def alternate(ours, peer):
    """Runs both callables in turn; each returns a rate."""
    rates = {"rexbert": [], "peer": []}
    for repeat in range(REPEATS):
        rates["peer"].append(peer())
        rates["rexbert"].append(ours())
        print(f"  {repeat + 1} of {REPEATS}: rexbert {rates['rexbert'][-1]:,.0f}, "
              f"peer {rates['peer'][-1]:,.0f}", flush=True)
    return rates


def summary(name, unit, rates, target, **more):
    result = {"name": name, "unit": unit, "target_ratio": target}
    for side, values in rates.items():
        result[side] = {"median": statistics.median(values), "slowest": min(values),
                        "fastest": max(values), "runs": values}
    result["ratio"] = result["rexbert"]["median"] / result["peer"]["median"]
    result.update(more)
    print(f"{name}: {result['ratio']:.2f} times the peer (wanted {target})", flush=True)
    return result


# Sequences, context, timed steps a run, and the least that is wanted of rates' ratio. A long sequence or a large model takes
# the peer half a minute a step: two timed steps a run say enough.
SHAPES = (("micro", 16, 512, 3, 1.35), ("micro", 1, 8192, 2, 2.3), ("base", 4, 512, 2, 1.05))
MOST_MEMORY = 0.6  # of the peer's
LEAST_LOADER_RATE = 50e6  # tokens/s of one thread, packing and masking included
MOST_DATA_WAIT = 0.005  # share of a training step's time


THREADS = len(os.sched_getaffinity(0))  # of both sides


def train_command(preset, sequences, context, steps):
    return [REXBERT, "bench", "train", "--preset", preset, "--sequences", sequences, "--context", context,
            "--steps", steps, "--threads", THREADS, "--json"]


def peer_train(peers, preset, sequences, context, steps, more):
    text = output_of([PYTHON, peers / "hf_train.py", "--preset", preset, "--batch", sequences, "--seq", context,
                      "--steps", steps, "--threads", THREADS, "--sparse", *more])
    return {"rate": float(re.search(r": (\d+) tok/s", text).group(1)),
            "gib": float(re.search(r"peak ([\d.]+) GiB", text).group(1))}


def our_train(*shape):
    run = json.loads(output_of(train_command(*shape)))
    return {"rate": run["tokens_per_second"], "gib": run["peak_memory_gib"]}


def compare_train(peers):
    results = []
    for preset, sequences, context, steps, target in SHAPES:
        shape = (preset, sequences, context, steps)
        sides = {"rexbert": lambda: our_train(*shape), "eager": lambda: peer_train(peers, *shape, []),
                 "compiled": lambda: peer_train(peers, *shape, ["--compile"])}
        runs = {side: [] for side in sides}
        print(f"{preset}, {sequences} x {context}, f32", flush=True)
        for repeat in range(REPEATS):
            order = list(sides)[repeat % 3:] + list(sides)[:repeat % 3]
            for side in order:
                runs[side].append(sides[side]())
            print(f"  {repeat + 1} of {REPEATS}: " + ", ".join(
                f"{side} {runs[side][-1]['rate']:,.0f}" for side in sides), flush=True)
        best = max(("eager", "compiled"), key=lambda side: statistics.median(run["rate"] for run in runs[side]))
        rates = {"rexbert": [run["rate"] for run in runs["rexbert"]], "peer": [run["rate"] for run in runs[best]]}
        peak = {side: statistics.median(run["gib"] for run in runs[side]) for side in ("rexbert", best)}
        results.append(summary(
            f"training, {preset}, {sequences} x {context}", "tokens/s", rates, target, timed_steps_a_run=steps,
            peer_is=best, all_runs=runs, peak_gib=peak["rexbert"], peer_peak_gib=peak[best],
            memory_ratio=peak["rexbert"] / peak[best], most_memory_ratio=MOST_MEMORY))
        print(f"  memory {results[-1]['memory_ratio']:.2f} of the peer's (at most {MOST_MEMORY})", flush=True)
    return results


def first_documents(sources, budget):
    """The first documents of each source, an equal share of `budget` bytes of text from each."""
    documents = []
    for source in sources:
        size = 0
        with subprocess.Popen(["zstd", "-dcq", source], stdout=subprocess.PIPE) as process:
            for line in process.stdout:
                documents.append(json.loads(line)["text"])
                size += len(documents[-1].encode())
                if size >= budget / len(sources):
                    break
            process.kill()
    return documents


def compare_tokenize(peers, tokenizer, sources):
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        documents = first_documents(sources, TEXT_BYTES)
        (folder / "text.txt").write_text("\n".join(documents), encoding="utf8")
        lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in documents)
        (folder / "text.jsonl").write_text("".join(lines), encoding="utf8")
        size = (folder / "text.txt").stat().st_size

        def seconds_of(words):
            begin = time.perf_counter()
            output_of(words)
            return time.perf_counter() - begin

        def our_rate():
            shutil.rmtree(folder / "shards", ignore_errors=True)
            return size / seconds_of([*ONE_CORE, REXBERT, "tokenize", folder / "text.jsonl", "--tokenizer",
                                      tokenizer, "--threads", 1, "--output", folder / "shards"])

        def peer_rate():
            text = output_of([*ONE_CORE, PYTHON, peers / "encode.py", tokenizer / "tokenizer.model",
                              folder / "text.txt"])
            return 1e6 * float(re.search(r"^sentencepiece: ([\d.]+) MB/s", text, re.M).group(1))

        print(f"{len(documents)} documents, {size / 1e6:.1f} MB, one core, bytes/s", flush=True)
        rates = alternate(our_rate, peer_rate)
    return [summary("tokenize, whole command against encoding alone", "bytes of text/s", rates, 0.95,
                    documents=len(documents), bytes=size)]


def loader_rate(tokenizer, shards):
    words = [*ONE_CORE, REXBERT, "bench", "loader", "--tokenizer", tokenizer, "--repeats", 3, "--json", "--data", *shards]
    return json.loads(output_of(words))


def compare_loader(peers, tokenizer, shards):
    with tempfile.TemporaryDirectory() as directory:
        made = pathlib.Path(directory) / "samples"
        peer = [*ONE_CORE, PYTHON, peers / "mds_read.py", made]
        output_of(peer)  # makes the samples: ids below 50,368
        wide = made.parent / "tokenizer"
        output_of([REXBERT, "corpus", "sample", "--output", made.parent / "text"])
        output_of([REXBERT, "tokenizer", "train", "--input", made.parent / "text", "--output", wide,
                   "--vocabulary-size", 50368])

        def peer_rate():
            return 1e6 * float(re.search(r"shuffle=True: ([\d.]+) M tok/s", output_of(peer)).group(1))

        print("samples of 1,024 tokens, one core, tokens/s", flush=True)
        results = [summary("loader, samples of 1,024 tokens, with packing and uniform masks",
                           "tokens/s", alternate(
                               lambda: loader_rate(wide, [made])["tokens_per_second"], peer_rate), 1)]
    runs = [loader_rate(tokenizer, shards) for _ in range(REPEATS)]
    rates = [run["tokens_per_second"] for run in runs]
    results.append({"name": "loader, the shards' own lengths", "unit": "tokens/s",
                    "shards": [path.name for path in shards],
                    "rexbert": {"median": statistics.median(rates), "slowest": min(rates),
                                "fastest": max(rates), "runs": rates},
                    "least": LEAST_LOADER_RATE, "unfilled": runs[0]["unfilled"]})
    print(f"own lengths: {statistics.median(rates):,.0f} tokens/s, unfilled {runs[0]['unfilled']:.3%}")
    waits = [json.loads(output_of([*train_command("micro", 16, 512, 4), "--tokenizer", tokenizer, "--data", *shards]))["data_wait"]
             for _ in range(REPEATS)]
    results.append({"name": "training, micro, 16 x 512, wait for data", "unit": "share of the time",
                    "data_wait": statistics.median(waits), "longest": max(waits), "runs": waits, "most": MOST_DATA_WAIT})
    print(f"a training step waits for data {statistics.median(waits):.4%} of its time (at most {max(waits):.4%})")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "tokenize", "loader"))
    parser.add_argument("peers", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("paths", type=pathlib.Path, nargs="*")
    arguments = parser.parse_args()
    peers, paths = arguments.peers.resolve(), arguments.paths
    if arguments.what == "train":
        results = compare_train(peers)
    elif len(paths) < 2:
        parser.error("expected a tokenizer's folder and what to read")
    elif arguments.what == "tokenize":
        results = compare_tokenize(peers, paths[0], paths[1:])
    else:
        results = compare_loader(peers, paths[0], paths[1:])
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": results}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    missed = [r["name"] for r in results if "ratio" in r and r["ratio"] < r["target_ratio"]]
    missed += [r["name"] + ", memory" for r in results if r.get("memory_ratio", 0) > MOST_MEMORY]
    missed += [r["name"] for r in results if "least" in r and r["rexbert"]["median"] < r["least"]]
    missed += [r["name"] for r in results if r.get("data_wait", 0) > MOST_DATA_WAIT]
    sys.exit(f"below the target: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
