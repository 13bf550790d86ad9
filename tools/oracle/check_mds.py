"""Live check of the shard module against mosaicml-streaming.

usage: check_mds.py PATH_OF_rexbert_shard_oracle

1. Shards that the reference wrote are read here: token columns of every kind, raw and compressed, and
   every other encoding, rendered.
2. Directories written by both from the same samples are compared byte for byte: index.json and every
   raw shard (compressed bytes belong to the compressor's version, so those are compared
   decompressed, and the index without their sizes and hashes).
3. Shards written here are read by the reference: LocalDataset for raw ones, StreamingDataset for
   compressed ones, with its own hash validation.
"""

import decimal
import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from streaming import LocalDataset, MDSWriter, StreamingDataset
from streaming.base.compression import decompress
from streaming.base.format.mds.encodings import mds_encode

TOOL = sys.argv[1]


def tool(*arguments):
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def expect(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def reference_write(directory, columns, samples, **options):
    with MDSWriter(out=directory, columns=dict(columns), **options) as writer:
        for sample in samples:
            writer.write(sample)


def token_samples(dtype, count, vocabulary=50368):
    rng = np.random.default_rng(5)
    lengths = rng.integers(1, 400, count)
    return [rng.integers(0, vocabulary, length).astype(dtype) for length in lengths]


def check_tokens_read_here(root):
    cases = 0
    for dtype in ("uint16", "uint32", "int32", "int64"):
        for encoding in ("ndarray", f"ndarray:{dtype}", "bytes"):
            for compression in (None, "zstd", "zstd:19", "gz", "bz2:3", "br:5", "snappy"):
                directory = os.path.join(root, f"tokens{cases}")
                arrays = token_samples(dtype, 40)
                reference_write(directory, [("id", "str"), ("input_ids", encoding), ("len", "int")],
                                [{"id": f"doc {i}", "len": len(array),
                                  "input_ids": array.tobytes() if encoding == "bytes" else array}
                                 for i, array in enumerate(arrays)],
                                compression=compression, hashes=["sha1", "xxh3_64"], size_limit=9000)
                dumped = tool("dump", directory, *([dtype] if encoding == "bytes" else []))
                got = [[int(word) for word in line.split()] for line in dumped.splitlines()]
                expect(got == [array.tolist() for array in arrays],
                       f"tokens of {encoding} {dtype} {compression}")
                cases += 1
    return cases


SCALARS = {
    "int": lambda r: r.randrange(-2**63, 2**63), "uint8": lambda r: r.randrange(2**8),
    "uint16": lambda r: r.randrange(2**16), "uint32": lambda r: r.randrange(2**32),
    "uint64": lambda r: r.randrange(2**64), "int8": lambda r: r.randrange(-2**7, 2**7),
    "int16": lambda r: r.randrange(-2**15, 2**15), "int32": lambda r: r.randrange(-2**31, 2**31),
    "int64": lambda r: r.randrange(-2**63, 2**63),
    "float16": lambda r: r.choice([r.gauss(0, 1), r.gauss(0, 1e-6), r.gauss(0, 2e4), 65519.9, 2049.0]),
    "float32": lambda r: r.gauss(0, 10.0**r.randrange(-30, 30)),
    "float64": lambda r: r.gauss(0, 10.0**r.randrange(-300, 300)),
    "str_int": lambda r: r.randrange(-2**63, 2**63),
    "str_float": lambda r: r.choice([r.gauss(0, 10.0**r.randrange(-30, 30)), 1e16, 1e15, 1e-5, 0.0,
                                     float(r.randrange(10**17))]),
    "str_decimal": lambda r: decimal.Decimal(r.randrange(10**12)).scaleb(r.randrange(-20, 9)),
    "str": lambda r: "".join(r.choice("ab é日😀\n\"") for _ in range(r.randrange(20))),
    "bytes": lambda r: bytes(r.randrange(256) for _ in range(r.randrange(20))),
    "json": lambda r: {"a": [r.randrange(9), None, True, r.gauss(0, 1)], "b": "é\u007f\u0001\"/😀",
                       "c": {"d": 1e22, "e": -0.0}},
}


def array_maker(dtype, shape):
    def make(rng):
        dims = shape or [rng.randrange(1, 300)] + [rng.randrange(1, 4)] * rng.randrange(3)
        if dtype.startswith("float"):
            return np.array([rng.gauss(0, 9) for _ in range(int(np.prod(dims)))], dtype).reshape(dims)
        info = np.iinfo(dtype)
        values = [rng.randrange(info.min, info.max + 1) for _ in range(int(np.prod(dims)))]
        return np.array(values, dtype).reshape(dims)
    return make


ARRAYS = {"ndarray": array_maker("uint8", None), "ndarray:uint16": array_maker("uint16", None),
          "ndarray:int64": array_maker("int64", None), "ndarray:uint64": array_maker("uint64", None),
          "ndarray:float16": array_maker("float16", None),
          "ndarray:float32:2,3": array_maker("float32", [2, 3]),
          "ndarray:uint32:7": array_maker("uint32", [7])}


def to_spec(encoding, value):
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "shape": list(value.shape),
                "values": value.flatten().tolist()}
    if isinstance(value, bytes):
        return list(value)
    return str(value) if encoding == "str_decimal" else value


def random_case(seed):
    rng = random.Random(seed)
    makers = {**SCALARS, **ARRAYS}
    columns = [(f"c{rng.randrange(1000)}-{i}é", rng.choice(sorted(makers)))
               for i in range(rng.randrange(1, 6))]
    samples = [[makers[encoding](rng) for _, encoding in columns] for _ in range(rng.randrange(40))]
    options = {"compression": rng.choice(["", "", "zstd", "zstd:7", "gz", "bz2", "br:3", "snappy"]),
               "hashes": rng.choice([[], ["md5"], ["blake2b", "sha256", "xxh128", "xxh64"]]),
               "size_limit": rng.choice([None, 300, 1000, 5000, 1 << 26])}
    return columns, samples, options


def without_zip_sizes(index):
    for shard in index["shards"]:
        if shard["zip_data"]:
            shard["zip_data"].pop("bytes")
            shard["zip_data"].pop("hashes")
    return json.dumps(index, sort_keys=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def compare_directories(theirs, ours, compression, what):
    expect(sorted(os.listdir(theirs)) == sorted(os.listdir(ours)), f"{what}: file names")
    for name in os.listdir(theirs):
        a, b = read(os.path.join(theirs, name)), read(os.path.join(ours, name))
        if name == "index.json" and compression:
            a, b = without_zip_sizes(json.loads(a)), without_zip_sizes(json.loads(b))
        elif name != "index.json" and compression:
            a, b = decompress(compression, a), decompress(compression, b)
        expect(a == b, f"{what}: {name} differs")


def same_value(encoding, got, wanted):
    """Whether two decoded values are one; what the reference encodes again is the measure."""
    return mds_encode(encoding, got) == mds_encode(encoding, wanted)


def check_written_here(root, seed):
    columns, samples, options = random_case(seed)
    theirs, ours = os.path.join(root, f"theirs{seed}"), os.path.join(root, f"ours{seed}")
    spec = {"columns": columns, **options,
            "samples": [[to_spec(encoding, value) for (_, encoding), value in zip(columns, sample)]
                        for sample in samples]}
    path = os.path.join(root, "spec.json")
    with open(path, "w") as file:
        json.dump(spec, file)
    named = [{name: value for (name, _), value in zip(columns, sample)} for sample in samples]
    reference_write(theirs, columns, named, **{**options, "compression": options["compression"] or None})
    tool("write", ours, path)
    what = f"case {seed} {columns} {options}"
    compare_directories(theirs, ours, options["compression"], what)
    expect(tool("show", theirs) == tool("show", ours), f"{what}: rendered samples")
    if not samples:
        return
    if options["compression"]:
        cache = os.path.join(root, f"cache{seed}")
        dataset = StreamingDataset(remote=ours, local=cache, shuffle=False, batch_size=1,
                                   validate_hash=options["hashes"][0] if options["hashes"] else None)
    else:
        dataset = LocalDataset(ours)
    expect(len(dataset) == len(samples), f"{what}: sample count")
    for i, sample in enumerate(named):
        got = dataset[i]
        for name, encoding in columns:
            expect(same_value(encoding, got[name], sample[name]), f"{what}: sample {i} {name}")


def main():
    with tempfile.TemporaryDirectory() as root:
        read_here = check_tokens_read_here(root)
        cases = 120
        for seed in range(cases):
            check_written_here(root, seed)
    print(f"{read_here} token streams of the reference read; {cases} directories equal both ways")


if __name__ == "__main__":
    main()
