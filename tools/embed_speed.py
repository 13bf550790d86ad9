"""Times `rexbert embed` beside transformers on the same texts, the same random weights and the same threads: batches of
32, each padded to its longest text, in the file's order and sorted by length as sentence-transformers' encode() does.
Rounds alternate the order of the three; medians, spread, and the ratio to the faster of transformers' two. Both sides
read texts and tokenize in the time that counts; nobody loads the model in it. Vectors must agree.

usage: embed_speed.py TEXTS_JSONL OUTPUT_JSON [--field title] [--texts N] [--presets base micro] [--rounds 5]
                      [--threads 2]

TEXTS_JSONL holds JSON objects, one a line. transformers runs in .deps/oracle, which `scripts/setup.sh --oracle` makes.
About 20 minutes for 1,888 titles; leave the machine alone meanwhile. The exit status is not 0 where a ratio misses its
target.
"""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from compare_peers import PYTHON, REXBERT, machine, output_of

PRESETS = {"micro": (7, 256, 384, 4), "small": (10, 384, 576, 6), "mini": (19, 512, 768, 8), "base": (22, 768, 1152, 12)}
VOCABULARY = 50368
BATCH = 32
TARGET = 1.5
TOLERANCE = 1e-3  # of vectors of length 1, f32 on both sides


def make_folder(folder, preset):
    """Adds a random encoder to the tokenizer in `folder`. Runs in the references' Python."""
    import torch
    from transformers import ModernBertConfig, ModernBertForMaskedLM
    layers, hidden, intermediate, heads = PRESETS[preset]
    torch.manual_seed(0)
    ModernBertForMaskedLM(ModernBertConfig(
        vocab_size=VOCABULARY, num_hidden_layers=layers, hidden_size=hidden, intermediate_size=intermediate,
        num_attention_heads=heads, pad_token_id=0, bos_token_id=2, cls_token_id=2, eos_token_id=3,
        sep_token_id=3)).save_pretrained(folder)


def encode_padded(folder, source, output, order, threads):
    """Writes the texts' vectors and prints the seconds that took. Runs in the references' Python."""
    import numpy
    import torch
    from transformers import AutoModel, AutoTokenizer
    torch.set_num_threads(int(threads))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    begin = time.perf_counter()
    with open(source, encoding="utf8") as file:
        texts = [json.loads(line)["text"] for line in file]
    indices = list(range(len(texts)))
    if order == "sorted":
        indices.sort(key=lambda i: -len(texts[i]))
    rows = [None] * len(texts)
    with torch.inference_mode():
        for first in range(0, len(texts), BATCH):
            chosen = indices[first:first + BATCH]
            batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True, return_tensors="pt")
            states = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            weights = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
            vectors = torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1)).numpy()
            for i, vector in zip(chosen, vectors):
                rows[i] = vector
    rows = numpy.stack(rows)
    seconds = time.perf_counter() - begin
    numpy.save(output, rows)
    print(json.dumps({"seconds": seconds}))


def largest_difference(one, other):
    """Runs in the references' Python."""
    import numpy
    print(abs(numpy.load(one) - numpy.load(other)).max())


def call_reference(*words):
    """One of the functions above, in the references' Python; returns what it prints."""
    return output_of([PYTHON, "-W", "ignore", pathlib.Path(__file__).resolve(), "--reference", *words])


def compare(preset, folder, source, arguments):
    work = source.parent
    call_reference("make_folder", folder, preset)
    reports = []

    def ours():
        reports.append(json.loads(output_of(
            [REXBERT, "embed", source, "--checkpoint", folder, "--output", work / "ours.npy", "--precision", "f32",
             "--normalize", "--threads", arguments.threads, "--json"])))
        return reports[-1]["seconds"]

    def theirs(order):
        return json.loads(call_reference("encode_padded", folder, source, work / f"{order}.npy", order,
                                         arguments.threads))["seconds"]

    sides = {"rexbert": ours, "padded": lambda: theirs("padded"), "sorted": lambda: theirs("sorted")}
    seconds = {name: [] for name in sides}
    for turn in range(arguments.rounds):
        for name in list(sides)[::1 if turn % 2 else -1]:
            seconds[name].append(sides[name]())
        print(f"  {turn + 1} of {arguments.rounds}: "
              + ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seconds.items()), flush=True)
    differences = {name: float(call_reference("largest_difference", work / "ours.npy", work / f"{name}.npy"))
                   for name in ("padded", "sorted")}
    if max(differences.values()) > TOLERANCE:
        sys.exit(f"{preset}: vectors differ: {differences}")
    texts = reports[0]["texts"]
    rates = {name: [texts / value for value in values] for name, values in seconds.items()}
    result = {"name": f"embed, {preset}", "unit": "texts/s", "target_ratio": TARGET, "texts": texts,
              "tokens": reports[0]["tokens"], "threads": arguments.threads, "largest_difference": max(differences.values())}
    for name, values in rates.items():
        result[name] = {"median": statistics.median(values), "slowest": min(values), "fastest": max(values), "runs": values}
    for name in differences:
        result[f"ratio_to_{name}"] = result["rexbert"]["median"] / result[name]["median"]
    result["ratio"] = min(result["ratio_to_padded"], result["ratio_to_sorted"])
    print(f"{preset}: {result['rexbert']['median']:.1f} texts/s, {result['ratio_to_padded']:.2f} times padded batches, "
          f"{result['ratio_to_sorted']:.2f} times sorted ones (target {TARGET})", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--field", default="title")
    parser.add_argument("--texts", type=int, default=0, dest="count")
    parser.add_argument("--presets", nargs="+", default=["base", "micro"], choices=PRESETS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        with open(arguments.texts, encoding="utf8") as file:
            texts = [json.loads(line)[arguments.field] for line in file][:arguments.count or None]
        source = work / "texts.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf8")
        results = []
        for preset in arguments.presets:
            output_of([REXBERT, "tokenizer", "train", "--input", source, "--output", work / preset, "--vocabulary-size",
                       VOCABULARY])
            results.append(compare(preset, work / preset, source, arguments))
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": results}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    missed = [result["name"] for result in results if result["ratio"] < TARGET]
    sys.exit(f"below the target: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reference"]:
        globals()[sys.argv[2]](*sys.argv[3:])
    else:
        main()
