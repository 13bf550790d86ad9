"""Measures what ranks cost each other on this machine: how much of the sum of gradients the backward
pass hides, beside the same steps without overlap, and how a step of two ranks compares with a step of
one (weak scaling). Each rank is one process of one thread, joined by Gloo. Standard library only.

usage: measure_ranks.py OUTPUT_JSON

About 15 minutes on two cores; leave the machine alone meanwhile. The exit status is not 0 where a
number misses its target.
"""
import argparse
import datetime
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

from compare_peers import REPEATS, REXBERT, machine

MOST_EXPOSED_RATIO = 0.7  # of the exposed time without overlap, at 4 x 64
MOST_EXPOSED_SHARE = 0.05  # of a step, at 4 x 512


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def bench(ranks, context, steps, *options):
    """What rank 0 prints of one run: medians over its steps."""
    command = [str(REXBERT), "bench", "train", "--preset", "mini", "--sequences", "4", "--context", str(context),
               "--steps", str(steps), "--threads", "1", "--json", *options]
    places = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1",
              "MASTER_PORT": str(free_port())}
    processes = []
    for rank in range(ranks):
        environment = {**os.environ, **places, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        processes.append(subprocess.Popen(["taskset", "-c", str(rank), *command], env=environment, text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    ends = [(process, *process.communicate()) for process in processes]
    for process, _, errors in ends:
        if process.returncode:
            sys.exit(f"{' '.join(command)}: status {process.returncode}\n{errors[-2000:]}")
    return json.loads(ends[0][1])


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "runs": values}


def measure(context, steps, repeats):
    runs = {"overlap": [], "without": [], "one_rank": []}
    for repeat in range(repeats):
        runs["overlap"].append(bench(2, context, steps))
        runs["without"].append(bench(2, context, steps, "--no-overlap"))
        runs["one_rank"].append(bench(1, context, steps))
        print(f"  {repeat + 1} of {repeats}: " + ", ".join(
            f"{name} {1e3 * of[-1]['exposed_seconds']:.0f} of {1e3 * of[-1]['seconds']:.0f} ms"
            for name, of in runs.items()), flush=True)
    result = {"preset": "mini", "sequences": 4, "context_length": context, "timed_steps_a_run": steps}
    for name, of in runs.items():
        result[name] = {key: spread([run[key] for run in of])
                        for key in ("seconds", "exposed_seconds", "waited_seconds", "tokens_per_second")}
    median = {name: {key: values["median"] for key, values in result[name].items()} for name in runs}
    result["exposed_over_without_overlap"] = (
        median["overlap"]["exposed_seconds"] / median["without"]["exposed_seconds"])
    result["exposed_share_of_step"] = median["overlap"]["exposed_seconds"] / median["overlap"]["seconds"]
    result["weak_scaling"] = median["one_rank"]["seconds"] / median["overlap"]["seconds"]
    print(f"mini, 4 x {context}: exposed {result['exposed_over_without_overlap']:.2f} of that without overlap, "
          f"{result['exposed_share_of_step']:.1%} of a step; weak scaling {result['weak_scaling']:.0%}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("output", type=pathlib.Path)
    output = parser.parse_args().output
    short, long = measure(64, 12, REPEATS), measure(512, 4, 3)
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "results": [short, long]}
    output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    missed = []
    if short["exposed_over_without_overlap"] > MOST_EXPOSED_RATIO:
        missed.append(f"exposed over without overlap at 4 x 64: at most {MOST_EXPOSED_RATIO}")
    if long["exposed_share_of_step"] > MOST_EXPOSED_SHARE:
        missed.append(f"exposed share of a step at 4 x 512: at most {MOST_EXPOSED_SHARE}")
    sys.exit(f"missed: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
