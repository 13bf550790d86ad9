"""Turns what scripts/real_run.sh left in its folder into numbers and curves. Standard library only.

usage: real_report.py phase-end METRICS_JSONL PHASE   the step at which the phase ended
       real_report.py report DIR                      DIR/real_run.json and DIR/real_run.svg
       real_report.py guided DIR                      DIR/guided.json: guided against uniform masking
"""
import datetime
import json
import math
import os
import platform
import random
import statistics
import sys

import plot_curves

GENERAL = ("wikipedia", "books")


def phase_end(metrics, phase):
    for row in plot_curves.read(metrics):
        if row["kind"] == "phase" and row["ended"] == phase:
            return row["step"]
    sys.exit(f"{metrics}: no end of phase {phase}")


def scores(folder, name):
    with open(f"{folder}/eval/{name}.json", encoding="utf8") as file:
        streams = json.load(file)["streams"]
    return {path.split("/")[-2]: score for path, score in streams.items()}


def pooled(streams, names, key):
    masked = sum(streams[n]["masked"] for n in names)
    return sum(streams[n][key] * streams[n]["masked"] for n in names) / masked


def sections(folder, name):
    """(stream, shard, sample, token) -> sums, of whole sections only."""
    rows = plot_curves.read(f"{folder}/eval/{name}.jsonl")
    return {(r["stream"], r["shard"], r["sample"], r["token"]): r for r in rows}


def context_gain(folder, section_tokens=2032, resamples=10_000):
    """Loss with full context minus loss on the same tokens cut short, per masked token, over whole
    sections; 95% interval by resampling sections (percentile bootstrap)."""
    full, cut = sections(folder, "phase2-full"), sections(folder, "phase2-cut")
    pairs = [(full[k]["loss"] - cut[k]["loss"], full[k]["masked"]) for k in full
             if full[k]["tokens"] == section_tokens + 2]
    for key in full:
        if full[key]["masked"] != cut[key]["masked"]:
            sys.exit(f"{key}: other tokens were masked with other context")
    rng = random.Random(0)

    def ratio(sample):
        return sum(d for d, _ in sample) / sum(m for _, m in sample)

    means = sorted(ratio(rng.choices(pairs, k=len(pairs))) for _ in range(resamples))
    return {"sections": len(pairs), "masked": sum(m for _, m in pairs), "difference": ratio(pairs),
            "interval95": [means[int(0.025 * resamples)], means[int(0.975 * resamples)]]}


def machine():
    with open("/proc/cpuinfo", encoding="utf8") as info:
        names = [line.split(": ", 1)[1].strip() for line in info if line.startswith("model name")]
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count()}


def report(folder):
    metrics = plot_curves.read(f"{folder}/run/metrics.jsonl")
    starts = next(r for r in metrics if r["kind"] == "eval" and r["step"] == 0)
    short1, short2 = scores(folder, "phase1-short"), scores(folder, "phase2-short")
    two, three, control = (scores(folder, n) for n in ("phase2", "phase3", "control"))
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "tokens": max(r["tokens"] for r in metrics),
        "training_seconds": sum_seconds(metrics),
        "general_loss": {
            "start": statistics.fmean(starts[n]["loss"] for n in GENERAL),
            "phase1_context256": pooled(short1, GENERAL, "loss"),
            "phase2_context256": pooled(short2, GENERAL, "loss"),
            "phase2": pooled(two, GENERAL, "loss"),
            "phase3": pooled(three, GENERAL, "loss"),
            "control": pooled(control, GENERAL, "loss"),
        },
        "ecommerce_loss": {n: s["ecommerce"]["loss"] for n, s in
                           (("phase2", two), ("phase3", three), ("control", control))},
        "ecommerce_top1": {n: s["ecommerce"]["top1"] for n, s in
                           (("phase2", two), ("phase3", three), ("control", control))},
        "context_gain": context_gain(folder),
    }
    general, top1 = result["general_loss"], result["ecommerce_top1"]
    gain = result["context_gain"]
    result["claims"] = {
        "general loss falls in phase 1": general["phase1_context256"] < general["start"],
        "general loss falls in phase 2": general["phase2_context256"] < general["phase1_context256"],
        "e-commerce loss falls in phase 3":
            result["ecommerce_loss"]["phase3"] < result["ecommerce_loss"]["phase2"],
        "general loss rises by at most 5% in phase 3": general["phase3"] / general["phase2"] <= 1.05,
        "e-commerce top-1 at least 1.3 times the control's": top1["phase3"] / top1["control"] >= 1.3,
        "long context lowers the loss by at least 0.01, interval below 0":
            gain["difference"] <= -0.01 and gain["interval95"][1] < 0,
    }
    result["ratios"] = {"general loss, phase 3 / phase 2": general["phase3"] / general["phase2"],
                        "e-commerce top-1, phase 3 / control": top1["phase3"] / top1["control"]}
    write(f"{folder}/real_run.json", result)
    with open(f"{folder}/real_run.svg", "w", encoding="utf8") as out:
        out.write(plot_curves.draw(metrics, "A 1.9 M parameter encoder through the three phases"))
    return result


def sum_seconds(metrics):
    seconds, before = 0.0, 0
    for row in metrics:
        if row["kind"] == "train":
            seconds += (row["tokens"] - before) / row["tokens_per_second"]
            before = row["tokens"]
    return round(seconds, 1)


def guided(folder, seeds=(1, 2, 3)):
    result = {}
    for policy in ("guided", "uniform"):
        runs = [scores(folder, f"{policy}-{seed}") for seed in seeds]
        result[policy] = {
            "ecommerce_loss": spread([r["ecommerce"]["loss"] for r in runs]),
            "ecommerce_top1": spread([r["ecommerce"]["top1"] for r in runs]),
            "general_loss": spread([pooled(r, GENERAL, "loss") for r in runs]),
        }
    result["note"] = "evaluated with uniform 15% masks; phase 3 alone from one end of phase 2"
    write(f"{folder}/guided.json", result)
    return result


def spread(values):
    return {"values": values, "mean": statistics.fmean(values),
            "standard_deviation": statistics.stdev(values) if len(values) > 1 else math.nan}


def write(path, value):
    with open(path, "w", encoding="utf8") as out:
        json.dump(value, out, indent=2)
        out.write("\n")
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "phase-end":
        print(phase_end(sys.argv[2], sys.argv[3]))
    elif len(sys.argv) == 3 and sys.argv[1] == "report":
        sys.exit(0 if all(report(sys.argv[2])["claims"].values()) else "a claim does not hold")
    elif len(sys.argv) == 3 and sys.argv[1] == "guided":
        guided(sys.argv[2])
    else:
        sys.exit(__doc__)
