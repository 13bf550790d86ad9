"""Prints the page docs/results/performance.md from what scripts/compare.sh measured.

usage: performance_page.py RESULTS_DIR

Reads train_cpu.json, loader.json, tokenize.json, growth.json and steps.json there. Standard library only.
"""
import json
import pathlib
import sys


def where(report):
    machine = report["machine"]
    sets = ", ".join(machine["instruction_sets"]) or "no AVX2"
    return f"{report['date']}, {machine['cores']} cores of an {machine['processor']} ({sets})"


def spread(side, scale=1.0, digits=0):
    return (f"{side['median'] / scale:,.{digits}f} ({side['slowest'] / scale:,.{digits}f} to "
            f"{side['fastest'] / scale:,.{digits}f})")


def training(report):
    yield f"## Training beside transformers\n\n{where(report)}. Forward, backward and optimizer, f32, no dropout, no padding, 30% of the tokens"
    yield ("masked; runs in turn, medians of five. The peer is transformers' `ModernBertForMaskedLM` with `sparse_prediction`, eager or under\n"
           "`torch.compile`, whichever is faster.\n")
    yield "| preset, sequences | rexbert, tokens/s | peer, tokens/s | ratio | wanted | peak memory, GiB | of the peer's | wanted |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in report["results"]:
        name = row["name"].removeprefix("training, ")
        yield (f"| {name} | {spread(row['rexbert'])} | {spread(row['peer'])}, {row['peer_is']} | **{row['ratio']:.2f}** | "
               f"{row['target_ratio']} | {row['peak_gib']:.2f} | {row['memory_ratio']:.2f} | at most {row['most_memory_ratio']} |")


def data(loader, tokenize):
    yield f"\n## Loading and tokenizing\n\n{where(loader)}. One thread, reading, packing and uniform masking included; medians of five.\n"
    yield "| data | rexbert, M tokens/s | peer, M tokens/s | ratio |\n|---|---|---|---|"
    for row in loader["results"]:
        name = row["name"].removeprefix("loader, ")
        if "peer" in row:
            yield (f"| {name}; mosaicml-streaming, reading alone | {spread(row['rexbert'], 1e6, 1)} | "
                   f"{spread(row['peer'], 1e6, 1)} | {row['ratio']:.1f} |")
        elif "rexbert" in row:
            yield f"| {name}, unfilled {row['unfilled']:.3%} | {spread(row['rexbert'], 1e6, 1)} | | |"
    for row in loader["results"]:
        if "data_wait" in row:
            yield (f"\nA training step (micro, 16 x 512, `rexbert bench train --data`) waits for data {row['data_wait']:.3%} of its time, median of "
                   f"{len(row['runs'])} runs, {row['longest']:.3%} at most; {row['most']:.1%} wanted.")
    for row in tokenize["results"]:
        yield (f"\nTokenizing {row['bytes'] / 1e6:.1f} MB of text on one core, the whole of `rexbert tokenize` beside SentencePiece's encoding alone: "
               f"{spread(row['rexbert'], 1e6, 1)} and {spread(row['peer'], 1e6, 1)} MB/s, {row['ratio']:.2f} times.")


def growth(report):
    yield (f"\n## Growth with the context\n\n{where(report)}. {report['preset']}, {report['tokens']:,} tokens a step, medians of three. "
           "Microseconds a token and layer, forward and backward.\n")
    yield "| context | local layer | of it attention | global layer | of it attention | peak memory, GiB |\n|---|---|---|---|---|---|"
    for row in report["rows"]:
        yield (f"| {row['context']:,} | {row['local']:.2f} | {row['local_attention']:.2f} | {row['global']:.2f} | "
               f"{row['global_attention']:.2f} | {row['gib']:.2f} |")


def steps(runs):
    yield "\n## Where a step spends its time\n\n`rexbert bench step` ([how to read it](../performance.md)).\n"
    for run in runs:
        yield (f"{run['preset']}, {run['sequences']} x {run['context_length']:,}: {run['tokens_per_second']:,.0f} tokens/s, model FLOPs "
               f"utilization {run['model_flops_utilization']:.0%} of {run['product_ceiling_flops_per_second'] / 1e9:.0f} GFLOP/s\n")
        yield "| part | forward, ms | backward, ms | share | GFLOP | MB | of ceiling |\n|---|---|---|---|---|---|---|"
        for part in run["parts"]:
            yield (f"| {part['part']} | {1e3 * part['forward_seconds']:.1f} | {1e3 * part['backward_seconds']:.1f} | "
                   f"{part['share']:.1%} | {part['flops'] / 1e9:.1f} | {part['bytes'] / 1e6:.0f} | {part['of_ceiling']:.0%} |")
        yield ""


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])

    def read(name):
        return json.loads((folder / f"{name}.json").read_text(encoding="utf8"))

    print("# Performance, measured\n\n`scripts/compare.sh` writes this page.\n")
    for line in [*training(read("train_cpu")), *data(read("loader"), read("tokenize")), *growth(read("growth")),
                 *steps(read("steps"))]:
        print(line)


if __name__ == "__main__":
    main()
