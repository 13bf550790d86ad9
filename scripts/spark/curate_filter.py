"""The stage filter on Spark: records through `rexbert curate filter --stdin --stdout`, by `pipe`, and
back into a file of kept documents for each input file, in their order."""

import itertools
import json
import os
import tempfile
from multiprocessing.pool import ThreadPool

from curate_command import pipe, publish_json, publish_lines, remove_attempts
from curate_read import kind_of, parquet_columns, read_lines, read_parquet, read_text

MOST_BAD_RECORDS = 1000  # that are listed, as `rexbert` lists them


def no_counts():
    return {"domains": {}, "bad_records": {"count": 0, "first": []}}


def add_counts(sums, counts):
    for domain, values in counts["domains"].items():
        of_domain = sums["domains"].setdefault(domain, {})
        for name, value in values.items():
            of_domain[name] = of_domain.get(name, 0) + value
    bad = sums["bad_records"]
    bad["count"] += counts["bad_records"]["count"]
    first = bad["first"] + counts["bad_records"]["first"]
    bad["first"] = sorted(first, key=lambda record: record["line"])[:MOST_BAD_RECORDS]


def filter_records(curation, records):
    """Pairs ((file, line), document) of the kept ones, and ((file, 0), counts), files by number."""
    numbers = {os.fsencode(entry["path"]): index for index, entry in enumerate(curation.inputs)}
    with tempfile.NamedTemporaryFile() as counts:
        words = curation.words("filter", "--stdin", "--stdout", "--located", "--counts", counts.name)
        for line in pipe(records, words, curation.directory):
            path, number, document = line.split(b"\t", 2)
            yield (numbers[path], int(number)), document
        with open(counts.name, "rb") as file:
            for path, of_file in json.load(file)["files"].items():
                yield (numbers[os.fsencode(path)], 0), of_file


def write_file(curation, index, pairs):
    """Publishes the documents of an input file, whose counts come first, and then these."""
    counts = no_counts()
    first = None
    for (_, line), value in pairs:
        if line > 0:
            first = value
            break
        add_counts(counts, value)
    documents = (value for _, value in pairs)
    publish_lines(curation, itertools.chain([] if first is None else [first], documents),
                  curation.file("filter", index))
    publish_json(curation.file("filter", index, ".json"), counts)


def group_inputs(spark, curation, indices):
    """The records of the files as RDDs, and the numbers of the files that are not read here."""
    by_kind = {"text": [], "gzip": [], "lines": [], "parquet": [], None: []}
    for index in indices:
        by_kind[kind_of(curation, curation.inputs[index])].append(index)
    with ThreadPool(8) as pool:
        schemas = pool.map(lambda index: parquet_columns(spark, curation, curation.inputs[index]),
                           by_kind["parquet"])
    by_columns = {}
    for index, columns in zip(by_kind["parquet"], schemas):
        by_columns.setdefault(columns, []).append(index)
    left = by_kind[None] + by_columns.pop(None, [])

    def entries(numbers):
        return [curation.inputs[index] for index in numbers]

    groups = [read_text(spark, curation, entries(by_kind[kind]), kind == "text")
              for kind in ("text", "gzip") if by_kind[kind]]
    for columns, numbers in by_columns.items():
        groups.append(read_parquet(spark, curation, entries(numbers), columns))
    if by_kind["lines"]:
        files = entries(by_kind["lines"])
        groups.append(spark.sparkContext.parallelize(files, len(files))
                      .flatMap(lambda entry: read_lines(curation, entry)))
    return groups, sorted(left)


def run_filter(spark, curation, partitions):
    folder = curation.output / "filter"
    curation.run("begin", "filter")
    remove_attempts(folder)
    missing = [index for index in range(len(curation.inputs))
               if not curation.file("filter", index, ".json").exists()]
    groups, left = group_inputs(spark, curation, missing)
    context = spark.sparkContext
    if left:
        files = len(curation.inputs)
        context.parallelize(left, len(left)).foreach(
            lambda index: curation.run("filter", "--part", f"{index + 1}/{files}"))
    if not groups:
        return
    here = sorted(set(missing) - set(left))
    place = {index: at for at, index in enumerate(here)}
    count = min(len(here), partitions)

    def write_files(pairs):
        for index, of_file in itertools.groupby(pairs, key=lambda pair: pair[0][0]):
            write_file(curation, index, of_file)

    # A file without any record has counts too.
    every_file = context.parallelize([((index, 0), no_counts()) for index in here])
    (context.union(groups)
     .mapPartitions(lambda records: filter_records(curation, records))
     .union(every_file)
     .repartitionAndSortWithinPartitions(count, lambda key: place[key[0]] % count)
     .foreachPartition(write_files))
