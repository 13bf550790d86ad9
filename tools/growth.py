"""How a step's time and memory grow with the context at constant tokens a batch: `rexbert bench step` at each length, and
what a token costs in a local and in a global layer.

usage: growth.py OUTPUT_JSON [--preset micro] [--tokens 16384] [--repeats 3]

The contexts are measured in turn, up and down, so that what changes on the machine meanwhile meets them all.

Holds, or the exit status is not 0: a local layer's time a token is flat within 10%; a global layer's is linear in the
context (its attention's part doubles with the context, within 15% of it, from 2,048 on); the peak of memory is flat within 10%. Leave the machine
alone meanwhile: about 25 minutes. Standard library only.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import sys

from compare_peers import REXBERT, machine, output_of

CONTEXTS = (512, 1024, 2048, 4096, 8192, 16384)
EVERY_LAYER = ("norms", "qkv", "attention out", "mlp in", "geglu", "mlp out")
LAYERS = {"micro": (7, 3), "small": (10, 4), "mini": (19, 7), "base": (22, 8)}  # all, and global ones


def measure(preset, tokens, context):
    """Microseconds a token of a layer of each kind, and of attention in it, and GiB at the peak."""
    step = json.loads(output_of([REXBERT, "bench", "step", "--preset", preset, "--sequences", tokens // context,
                                 "--context", context, "--warmup", 1, "--steps", 1, "--json"]))
    layers, global_layers = LAYERS[preset]
    micro = {part["part"]: 1e6 / tokens * (part["forward_seconds"] + part["backward_seconds"]) for part in step["parts"]}
    shared = sum(micro[part] for part in EVERY_LAYER) / layers
    local_attention = micro["local attention"] / (layers - global_layers)
    global_attention = micro["global attention"] / global_layers
    return {"local": shared + local_attention, "local_attention": local_attention,
            "global": shared + global_attention, "global_attention": global_attention, "gib": step["peak_memory_gib"]}


def summary(context, runs):
    values = {what: [run[what] for run in runs] for what in runs[0]}
    return {"context": context, **{what: statistics.median(found) for what, found in values.items()},
            "spread": {what: [min(found), max(found)] for what, found in values.items()}}


def problems(rows):
    def flat(what):
        values = [row[what] for row in rows]
        return max(values) / min(values) - 1

    found = []
    if flat("local") > 0.10:
        found.append(f"a local layer's time a token grows by {flat('local'):.0%}")
    if flat("gib") > 0.10:
        found.append(f"memory grows by {flat('gib'):.0%}")
    for before, after in zip(rows, rows[1:]):
        factor = after["global_attention"] / before["global_attention"]
        if before["context"] >= 2048 and not 1.7 <= factor <= 2.3:
            found.append(f"global attention from {before['context']} to {after['context']}: {factor:.2f} times")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--preset", choices=LAYERS, default="micro")
    parser.add_argument("--tokens", type=int, default=16384)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    runs = {context: [] for context in CONTEXTS}
    for repeat in range(arguments.repeats):
        for context in CONTEXTS if repeat % 2 == 0 else reversed(CONTEXTS):
            run = measure(arguments.preset, arguments.tokens, context)
            runs[context].append(run)
            print(f"{context:>6}: local layer {run['local']:.2f} us a token, its attention {run['local_attention']:.2f}, "
                  f"global {run['global']:.2f}, peak {run['gib']:.2f} GiB", flush=True)
    rows = [summary(context, found) for context, found in runs.items()]
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "preset": arguments.preset,
              "tokens": arguments.tokens, "rows": rows}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    found = problems(rows)
    sys.exit("; ".join(found) if found else 0)


if __name__ == "__main__":
    main()
