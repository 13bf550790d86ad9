"""The stage dedup as Spark jobs: what include/rexbert/curate/dedup.h says, on many machines.

A document is a number, its input file's index * 2^40 + its line in filter/NAME.jsonl.zst, so that
numbers are in the documents' order; its rank (-bytes of text, -score, number) is lower the better it
is. Sketches stay in one file for each input file, made by `rexbert curate sketch`, and never travel
but for those that are asked for.
"""

import itertools
import json
import shutil
import tempfile
from collections import deque

from pyspark import StorageLevel

from curate_command import pipe, publish_json, publish_lines, remove_attempts

LINE_BITS = 40
MOST_ROUNDS = 100  # of finding components; they grow with the logarithm of the longest chain


def file_of(document):
    return document >> LINE_BITS


def line_of(document):
    return document & ((1 << LINE_BITS) - 1)


def sketch_file(curation, index):
    return curation.file("dedup/spark", index, ".sketches.jsonl.zst")


def report_file(curation, index):
    return curation.file("dedup/spark", index, ".duplicates.jsonl")


def write_sketches(curation, index):
    path = sketch_file(curation, index)
    if not path.exists():
        words = curation.words("sketch", "--input", str(curation.file("filter", index)))
        publish_lines(curation, pipe([], words, curation.directory), path)


def read_sketches(curation, index):
    """Lines of JSON, the n-th of the document in line n."""
    words = [curation.rexbert, "curate", "copy", "--input", str(sketch_file(curation, index))]
    return pipe([], words, curation.directory)


def rank_of(sketch, document):
    # Without a score a document is behind all that have one.
    return -sketch["bytes"], -sketch.get("score", float("-inf")), document


def shingles_of(sketch):
    return bytes.fromhex(sketch["shingles"])


def jaccard(a, b):
    """Of two sets of 32-bit numbers, each as bytes."""
    a, b = set(memoryview(a).cast("I")), set(memoryview(b).cast("I"))
    both = len(a & b)
    return both / (len(a) + len(b) - both)


def runs(sorted_pairs):
    """(key, iterator over what follows it) of pairs ((key, rest), value), sorted."""
    for key, group in itertools.groupby(sorted_pairs, key=lambda pair: pair[0][0]):
        yield key, ((rest, value) for (_, rest), value in group)


def write_file(curation, index, dropped):
    """Publishes an input file's output and its part of the report; how many were exact and near."""
    counts = {"exact": 0, "near": 0}
    with tempfile.NamedTemporaryFile("w") as numbers:

        def lines():
            for line in dropped:
                counts[line["reason"]] += 1
                numbers.write(f"{line['line']}\n")
                yield json.dumps(line).encode() + b"\n"
            numbers.flush()

        publish_lines(curation, lines(), report_file(curation, index), "--json")
        publish_lines(curation, [], curation.file("dedup", index),
                      "--input", str(curation.file("filter", index)), "--drop", numbers.name)
    return counts["exact"], counts["near"]


class Dedup:
    def __init__(self, context, curation, partitions):
        self.context = context
        self.curation = curation
        self.partitions = partitions
        self.files = len(curation.inputs)
        self.kept = []  # RDDs in memory or on disk

    def run(self):
        curation = self.curation
        folder = curation.output / "dedup"
        if (folder / "dedup.json").exists():
            return
        curation.run("begin", "dedup")
        (folder / "spark").mkdir(exist_ok=True)
        for path in (folder, folder / "spark"):
            remove_attempts(path)
        files = self.context.parallelize(range(self.files), self.files)
        files.foreach(lambda index: write_sketches(curation, index))
        best, unique = self.join_equal(files)
        best_of = self.components(best.union(self.join_similar(unique)))
        totals = self.write(best_of)
        with open(folder / "duplicates.jsonl.tmp", "wb") as report:
            for index in range(self.files):
                with open(report_file(curation, index), "rb") as part:
                    shutil.copyfileobj(part, report)
        (folder / "duplicates.jsonl.tmp").rename(folder / "duplicates.jsonl")
        publish_json(folder / "dedup.json", totals)
        shutil.rmtree(folder / "spark")
        for rdd in self.kept:
            rdd.unpersist()

    def sort(self, pairs, partition_of):
        """Pairs ((key, rest), value) by the partition that partition_of(key) names, sorted there."""
        partitions = self.partitions
        return pairs.repartitionAndSortWithinPartitions(
            partitions, lambda key: partition_of(key[0]) % partitions)

    def sort_by_file(self, pairs):
        """Pairs ((document, rest), value) with all of a file in one partition, sorted there."""
        files = min(self.files, self.partitions)
        return pairs.repartitionAndSortWithinPartitions(
            files, lambda key: file_of(key[0]) % files)

    def keep(self, rdd):
        self.kept.append(rdd.persist(StorageLevel.MEMORY_AND_DISK))
        return rdd

    def join_equal(self, files):
        """Of the documents with the same words: (rank, the best one's rank) of all others, and
        (rank, bands) of the best."""
        curation = self.curation

        def hashes(index):
            for number, line in enumerate(read_sketches(curation, index), start=1):
                sketch = json.loads(line)
                rank = rank_of(sketch, index << LINE_BITS | number)
                yield (bytes.fromhex(sketch["hash"]), rank), bytes.fromhex(sketch["bands"])

        def best_and_others(pairs):
            for _, documents in runs(pairs):
                best, bands = next(documents)
                yield "best", best, bands
                for rank, _ in documents:
                    yield "other", rank, best

        found = self.keep(self.sort(files.flatMap(hashes), lambda key: int.from_bytes(key[:8], "big"))
                          .mapPartitions(best_and_others, preservesPartitioning=True))
        others = found.filter(lambda item: item[0] == "other").map(lambda item: item[1:])
        return others, found.filter(lambda item: item[0] == "best").map(lambda item: item[1:])

    def join_similar(self, unique):
        """Pairs (rank, rank) of documents that share a band, each with so many before it in the
        band's bucket, and are similar enough."""
        window, similarity = self.curation.dedup["bucket_window"], self.curation.dedup["similarity"]

        def bands(item):
            rank, keys = item
            for at in range(0, len(keys), 8):
                yield (keys[at:at + 8], rank[2]), rank

        def pairs(sorted_keys):
            for _, documents in runs(sorted_keys):
                before = deque(maxlen=window)
                for _, rank in documents:
                    for other in before:
                        yield other, rank
                    before.append(rank)

        candidates = (self.sort(unique.flatMap(bands), lambda key: int.from_bytes(key, "big"))
                      .mapPartitions(pairs).distinct(self.partitions))
        first = self.fetch(candidates.map(lambda pair: ((pair[0][2], pair[1]), pair[0])),
                           lambda pair, sketch: ((pair[0][1][2], pair[1]),
                                                 (pair[0][1], shingles_of(sketch))))
        second = self.fetch(first, lambda pair, sketch: (
            pair[0][1], pair[1][0], jaccard(pair[1][1], shingles_of(sketch))))
        return second.filter(lambda item: item[2] >= similarity).map(lambda item: item[:2])

    def fetch(self, requests, answer):
        """answer(request, sketch of the document) of requests ((document, rest), value)."""
        curation = self.curation

        def merge(sorted_requests):
            by_file = itertools.groupby(sorted_requests, key=lambda request: file_of(request[0][0]))
            for index, of_file in by_file:
                sketches = enumerate(read_sketches(curation, index), start=1)
                for document, of_document in itertools.groupby(of_file, key=lambda r: r[0][0]):
                    line = next(line for number, line in sketches if number == line_of(document))
                    sketch = json.loads(line)
                    for request in of_document:
                        yield answer(request, sketch)
                for _ in sketches:
                    pass  # the command ends well only when it has been heard out

        return self.sort_by_file(requests).mapPartitions(merge)

    def components(self, edges):
        """(rank, lowest rank of its component) of all other vertices, by alternating large and small
        stars (Kiveris et al., "Connected components in MapReduce and beyond", 2014)."""
        edges = self.keep(edges)
        for _ in range(MOST_ROUNDS):
            edges, changes = self.make_stars(edges)
            if changes == 0:
                return edges
        raise RuntimeError(f"components of duplicates: not found after {MOST_ROUNDS} rounds")

    def make_stars(self, edges):
        """One round: the edges, and 0 where it changed none."""
        changes = self.context.accumulator(0)

        def large_star(pairs):
            for vertex, neighbours in runs(pairs):
                lowest = None
                for neighbour, _ in neighbours:
                    if lowest is None:
                        lowest = min(vertex, neighbour)
                    if neighbour > vertex:
                        if lowest != vertex:
                            changes.add(1)
                        yield neighbour, lowest

        def small_star(pairs):
            for vertex, neighbours in runs(pairs):
                lowest = last = next(neighbours)[0]
                yield vertex, lowest
                for neighbour, _ in neighbours:
                    if neighbour != last:
                        changes.add(1)
                        last = neighbour
                        yield neighbour, lowest

        both = edges.flatMap(lambda edge: ((edge, None), (edge[::-1], None)))
        large = self.sort(both, lambda rank: rank[2]).mapPartitions(large_star)
        falling = large.map(lambda edge: ((max(edge), min(edge)), None))
        stars = self.keep(self.sort(falling, lambda rank: rank[2]).mapPartitions(small_star))
        stars.count()
        return stars, changes.value

    def write(self, best_of):
        """The outputs and parts of the report; the counts."""
        curation = self.curation
        own = self.fetch(best_of.map(lambda pair: ((pair[0][2], pair[1][2]), None)),
                         lambda request, sketch: (request[0][::-1], sketch))

        def report(request, kept):
            (best, document), sketch = request
            exact = sketch["hash"] == kept["hash"]
            line = {"id": sketch["id"], "file": name(document), "line": line_of(document),
                    "reason": "exact" if exact else "near",
                    "similarity": 1.0 if exact else jaccard(shingles_of(sketch), shingles_of(kept)),
                    "kept_id": kept["id"], "kept_file": name(best), "kept_line": line_of(best)}
            return (document, 0), line

        def name(document):
            return curation.named("filter", file_of(document))

        def write_files(sorted_lines):
            for index, of_file in itertools.groupby(sorted_lines, key=lambda pair: file_of(pair[0][0])):
                yield write_file(curation, index, (line for _, line in of_file if line is not None))

        every_file = self.context.parallelize([((index << LINE_BITS, 0), None)
                                               for index in range(self.files)])
        lines = self.fetch(own, report).union(every_file)
        counts = self.sort_by_file(lines).mapPartitions(write_files).collect()
        exact, near = (sum(count) for count in zip(*counts))
        documents = sum(self.kept_by_filter(index) for index in range(self.files))
        return {"documents": documents, "kept": documents - exact - near, "exact": exact, "near": near}

    def kept_by_filter(self, index):
        with open(self.curation.file("filter", index, ".json"), encoding="utf-8") as file:
            domains = json.load(file)["domains"]
        return sum(counts.get("kept_documents", 0) for counts in domains.values())
