#!/usr/bin/env python3
"""Runs `rexbert curate` on Apache Spark, into the same output folder with the same documents.

    spark-submit scripts/spark/curate.py --config F [--set K=V]... [--rexbert PATH] [--partitions N]

The command `rexbert`, the input and the output folder must be at the same paths on all nodes: the
folders on a file system that they share. Killed and started again, it goes on with what is missing.
docs/curation.md says what is read how.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

from pyspark.sql import SparkSession

from curate_command import Curation
from curate_dedup import Dedup
from curate_filter import run_filter


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--config", required=True, help="as of `rexbert curate run`")
    parser.add_argument("--set", action="append", default=[], metavar="K=V",
                        help="override one key; may be repeated")
    parser.add_argument("--rexbert", help="the command, on every node (default: that in PATH, else "
                        "build/release/bin/rexbert)")
    parser.add_argument("--partitions", type=int,
                        help="of what is shuffled (default: four for each core)")
    return parser.parse_args()


def find_rexbert(given):
    built = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/rexbert"
    path = given or shutil.which("rexbert") or str(built)
    if shutil.which(path) is None:
        sys.exit(f"{path}: expected the command rexbert, found none: name it by --rexbert")
    return os.path.abspath(shutil.which(path))


def start_spark():
    spark = SparkSession.builder.appName("rexbert curate").getOrCreate()
    context = spark.sparkContext
    # Blocks of files must be the same in every job, however many executors there are then.
    if spark.conf.get("spark.sql.files.minPartitionNum", None) is None:
        spark.conf.set("spark.sql.files.minPartitionNum", context.defaultParallelism)
    for module in pathlib.Path(__file__).resolve().parent.glob("curate_*.py"):
        context.addPyFile(str(module))
    return spark


def read_plan(rexbert, arguments):
    words = [rexbert, "curate", "plan", "--config", arguments.config]
    for assignment in arguments.set:
        words += ["--set", assignment]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def main():
    arguments = parse_arguments()
    rexbert = find_rexbert(arguments.rexbert)
    plan = read_plan(rexbert, arguments)
    spark = start_spark()
    context = spark.sparkContext
    # Tasks get the config as it was understood here: what it takes from the environment is not there.
    config = os.path.abspath(os.path.join(plan["directory"], "spark.yaml"))
    os.makedirs(plan["directory"], exist_ok=True)
    pathlib.Path(config).write_text(plan["config"], encoding="utf-8")
    cores = int(context.getConf().get("spark.task.cpus", "1"))
    curation = Curation(rexbert, config, plan, cores)
    partitions = arguments.partitions or 4 * context.defaultParallelism
    parts = min(len(curation.inputs), partitions)

    def in_parts(stage):
        context.parallelize(range(1, parts + 1), parts).foreach(
            lambda part: curation.run(stage, "--part", f"{part}/{parts}"))
        # What is made of all parts, should each have taken another for the last.
        alone(stage)

    def alone(*stages):
        for stage in stages:
            subprocess.run(curation.words(stage, "--set", "run.threads=0"), check=True)

    in_parts("explore")
    in_parts("sample")
    alone("label", "audit", "train-classifier")
    run_filter(spark, curation, partitions)
    if curation.dedup["enabled"]:
        Dedup(context, curation, partitions).run()
    in_parts("decontaminate")
    alone("write", "report")
    spark.stop()


if __name__ == "__main__":
    main()
