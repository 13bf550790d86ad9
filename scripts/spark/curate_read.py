"""Input files as Spark reads them: records, each with its file and its line or row there.

What pipe() hands to `rexbert curate filter --located`: FILE, a tab, the number from 1 on, a tab and
the record as JSON.
"""

import json
import os
import re
import urllib.parse

from pyspark.sql import functions as F
from pyspark.sql import types as T

from curate_command import pipe

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Of columns, those whose text is the same here and in `rexbert`; a score may be a DoubleType too.
TEXT_TYPES = (T.StringType, T.IntegerType, T.LongType)


def kind_of(curation, entry):
    """How an input file is read: "text" (in blocks), "gzip" and "parquet" by Spark's readers, "lines"
    by a task; else None, and `rexbert curate filter --part` does it."""
    name = os.path.basename(entry["path"])
    if "\t" in entry["path"] or "\n" in entry["path"]:
        return None
    hidden = name.startswith(("_", "."))  # Spark's readers pass over such names
    if entry["format"] == "jsonl":
        if hidden or name.endswith((".zst", ".zstd")):
            return "lines"
        return "gzip" if name.endswith(".gz") else "text"
    if entry["format"] == "parquet" and curation.whole_objects and not hidden:
        return "parquet"
    return None


def located(path, number, record):
    if number == 1 and record.startswith(BYTE_ORDER_MARK):
        record = record[len(BYTE_ORDER_MARK):]
    return b"%s\t%d\t%s\n" % (os.fsencode(path), number, record)


def read_lines(curation, entry):
    """The lines of a file that Spark cannot read, such as .zst without Hadoop's own libraries."""
    words = [curation.rexbert, "curate", "copy", "--input", entry["path"]]
    for number, line in enumerate(pipe([], words, curation.directory), start=1):
        yield located(entry["path"], number, line[:-1])


def spark_path(curation, entry):
    """A path as Spark's readers take it, which read globs."""
    path = os.path.join(curation.directory, entry["path"])
    return "file://" + re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def names_by_path(curation, entries):
    """By what Spark calls a file, the config's name of it."""
    return {os.path.normpath(os.path.join(curation.directory, entry["path"])): entry["path"]
            for entry in entries}


def name_of(names, uri):
    return names[os.path.normpath(urllib.parse.unquote(urllib.parse.urlsplit(uri).path))]


def read_text(spark, curation, entries, in_blocks):
    """Lines by Spark's text reader.

    Where it cuts files into blocks, a first job counts the lines of each, so that the second knows
    where a block's begin. Both read the same files, or blocks would be cut elsewhere.
    """
    frame = spark.read.text([spark_path(curation, entry) for entry in entries], lineSep="\n")
    place = [F.col("_metadata.file_path").alias("file"),
             F.col("_metadata.file_block_start").alias("block")]
    begins, lines = {}, {}
    blocks = frame.select(*place).groupBy("file", "block").count().collect() if in_blocks else []
    for row in sorted(blocks, key=lambda row: (row.file, row.block)):
        begins[row.file, row.block] = lines.get(row.file, 0)
        lines[row.file] = lines.get(row.file, 0) + row["count"]
    names = names_by_path(curation, entries)

    def number(rows):
        block, count = None, 0
        for row in rows:
            if block != (row.file, row.block):
                block = row.file, row.block
                path, count = name_of(names, row.file), begins[block] if row.block > 0 else 0
            count += 1
            yield located(path, count, bytes(row.value))

    # As bytes, so that what is no UTF-8 stays what it is.
    return frame.select(F.col("value").cast("binary").alias("value"), *place).rdd.mapPartitions(number)


def parquet_columns(spark, curation, entry):
    """Of a file's schema those columns that make a document; None where a type is one of which only
    `rexbert` knows the text."""
    schema = spark.read.parquet(spark_path(curation, entry)).schema
    found = [field for field in schema.fields if field.name in curation.columns]
    score = curation.columns[5]
    known = all(isinstance(field.dataType, TEXT_TYPES) or
                field.name == score and isinstance(field.dataType, T.DoubleType) for field in found)
    text = [field for field in found if field.name == curation.columns[0]]
    if not known or not text or not isinstance(text[0].dataType, T.StringType):
        return None
    return tuple((field.name, field.dataType.simpleString()) for field in found)


def read_parquet(spark, curation, entries, columns):
    """Rows by Spark's Parquet reader, of files with the same columns."""
    frame = spark.read.parquet(*[spark_path(curation, entry) for entry in entries])
    values = [F.col(f"`{name}`").cast("binary").alias(name) if kind == "string" else F.col(f"`{name}`")
              for name, kind in columns]
    names = names_by_path(curation, entries)

    def text(value):
        if isinstance(value, (bytes, bytearray)):  # which of them depends on the version of Spark
            # What is no UTF-8 passes through, for the reader of the JSON to find.
            return value.decode("utf-8", "surrogateescape")
        return repr(value)

    def records(rows):
        for row in rows:
            record = {name: text(row[name]) for name, _ in columns if row[name] is not None}
            line = json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogateescape")
            yield located(name_of(names, row["_file"]), row["_row"] + 1, line)

    place = [F.col("_metadata.file_path").alias("_file"), F.col("_metadata.row_index").alias("_row")]
    return frame.select(*values, *place).rdd.mapPartitions(records)
