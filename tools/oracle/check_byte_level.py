"""Compares the ids of our byte-level BPE with those of the `tokenizers` library.

usage: check_byte_level.py REXBERT WORK_DIR [DATA_DIR] [--full]

REXBERT is the command. Tokenizers are trained here by the library, one with ModernBERT's normalizer,
split and added tokens, others with what else we read, on DATA_DIR's corpora where they are, else on
`rexbert corpus sample`. Compared are 100,000 random Unicode strings, and every tenth line of the corpora, with --full
every line.
"""

import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import unicodedata

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers
import zstd
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer

STRINGS = 100_000
STRINGS_OF_OTHERS = 10_000
DECODED = 20
VOCABULARY = 6000
TRAINING_LINES = 60_000
CORPORA = ["general/wikipedia.jsonl.zst", "general/books.jsonl.zst", "ecommerce/products.jsonl.zst"]
# As in Llama 3.
WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
ROLES = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]",
         "mask_token": "[MASK]"}
COMBINING = [p for p in range(0x300, 0x1F000) if unicodedata.combining(chr(p))]
PARTS = (list(ROLES.values()) + ["|||IP_ADDRESS|||", "[unused1]", " ", "  ", "    ", " " * 30, "\n", "\r\n",
         "\t", "\u00a0", "\u2028", "\u3000", "'s", "'LL", "'ſ", "don't", "e\u0301", "\u212b", "ﬁ", "가각",
         "\u1100\u1161\u11a8", "İ", "ẞ", "ΑΣ", "👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "🇩🇪", "1234567", "½",
         "Ⅷ", "日本語", "हिन्दी", "ไทย", "αbc", "zug", "TAIL", "\u0958", "\U0001d15e", "\U00011938", "\u07fd"])


def random_string(rng, words, assigned_only):
    """Words, ASCII, Latin, marks, CJK, emoji, controls and any code point, mixed."""
    out = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.random()
        if kind < 0.3:
            out.append(rng.choice(words) + rng.choice([" ", " ", "", "\n"]))
        elif kind < 0.55:
            out.append(rng.choice(PARTS))
        else:
            low, high = rng.choice([(1, 0x80), (0x80, 0x250), (0x370, 0x600), (0x900, 0xE80), (0x1100, 0x1200),
                                    (0x2000, 0x2700), (0x3000, 0xA000), (0xAC00, 0xD7A4), (0xF900, 0x10000),
                                    (0x10000, 0x12000), (0x1F000, 0x20000), (1, 0x110000)])
            points = [rng.randrange(low, high) for _ in range(rng.randint(1, 4))]
            points += rng.choices(COMBINING, k=rng.choice([0, 0, 1, 3]))
            out.append("".join(chr(p) for p in points if not 0xD800 <= p < 0xE000))
    string = "".join(out)
    if assigned_only:  # our regular expressions have the system's version of Unicode
        string = "".join(c for c in string if unicodedata.category(c) != "Cn")
    return string


def is_document(string):
    """Others do not come back from `tokenizer encode --input`."""
    return bool(string.strip(" \t\r\n\v\f")) and "\0" not in string


def read_lines(files):
    for file in files:
        data = file.read_bytes()
        text = (zstd.decompress(data) if file.suffix == ".zst" else data).decode()
        for line in text.split("\n"):
            if line:
                yield from filter(is_document, json.loads(line)["text"].split("\n"))


def template(single, ids):
    return processors.TemplateProcessing(single=single, pair=f"{single} $B:1 [SEP]:1", special_tokens=ids)


def special(content, **flags):
    return AddedToken(content, special=True, normalized=False, **flags)


def train(lines, normalizer, split, added, ignore_merges=False):
    tokenizer = tokenizers.Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines, BpeTrainer(
        vocab_size=VOCABULARY, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[AddedToken("|||IP_ADDRESS|||", special=False, normalized=False),
                        AddedToken("<|padding|>", special=True, normalized=False)]))
    tokenizer.add_tokens(added)
    frame = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = template("[CLS] $A [SEP]", frame)
    return tokenizer


def variants(lines):
    """By name: a tokenizer, and whether random strings may hold code points new to the system."""
    byte_level = pre_tokenizers.ByteLevel
    roles = [special(t, lstrip=t == "[MASK]") for t in ROLES.values()]
    spaces = [AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)]
    unused = [AddedToken(f"[unused{n}]", normalized=True) for n in range(10)]
    yield "modernbert", train(lines, normalizers.NFC(), byte_level(add_prefix_space=False, use_regex=True),
                              spaces + roles + unused), False
    flags = [AddedToken("zug", single_word=True), AddedToken("tail", rstrip=True, normalized=True),
             AddedToken("e\u0301", normalized=True), AddedToken("αb", lstrip=True, rstrip=True, normalized=False)]
    yield "folded", train(lines, normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
                          byte_level(add_prefix_space=True), roles + flags), True
    yield "decomposed", train(lines, normalizers.NFKD(), byte_level(add_prefix_space=False), flags + roles), False
    yield "nfd", train(lines, normalizers.NFD(), byte_level(add_prefix_space=True), roles), False
    words = pre_tokenizers.Split(Regex(WORDS), "isolated")
    yield "words", train(lines, None, pre_tokenizers.Sequence([words, byte_level(False, use_regex=False)]),
                         roles, ignore_merges=True), True
    kept = pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}"), "removed", invert=True)
    yield "kept", train(lines, normalizers.NFC(), pre_tokenizers.Sequence([kept, byte_level(False)]), roles), True


def encode(command, folder, strings, work):
    source = work / "strings.jsonl"
    with open(source, "w", encoding="utf8") as out:
        out.writelines(json.dumps({"text": string}) + "\n" for string in strings)
    run = subprocess.run([command, "tokenizer", "encode", folder, "--input", source], check=True,
                         stdout=subprocess.PIPE)
    return [list(map(int, line.split())) for line in run.stdout.decode().split("\n")[:-1]]


def compare(name, command, folder, tokenizer, strings, work):
    ours = encode(command, folder, strings, work)
    theirs = [e.ids for e in tokenizer.encode_batch(strings, add_special_tokens=False)]
    wrong = [(s, a, b) for s, a, b in zip(strings, ours, theirs, strict=True) if a != b]
    for string, a, b in wrong[:5]:
        print(f"  {name}: DIFFERENT: {ascii(string)}\n    ours   {a}\n    theirs {b}")
    print(f"  {name}: {len(strings)} strings, {sum(map(len, ours))} ids, {len(wrong)} different")
    return len(wrong)


def decode(tokenizer, ids):
    """As the library does, but with U+FFFD for [UNK], which it leaves out with the other special tokens."""
    unknown = tokenizer.token_to_id("[UNK]")
    parts = [list(part) for is_unknown, part in itertools.groupby(ids, lambda i: i == unknown)]
    return "".join("\ufffd" * len(part) if part[0] == unknown else tokenizer.decode(part) for part in parts)


def compare_text(command, folder, tokenizer, strings):
    wrong = 0
    for string in strings:
        ids = tokenizer.encode(string).ids
        run = subprocess.run([command, "tokenizer", "decode", folder, *map(str, ids)], check=True,
                             stdout=subprocess.PIPE)
        ours, theirs = run.stdout.decode()[:-1], decode(tokenizer, ids)
        if ours != theirs and " " + ours != theirs:  # we take the space of the prefix off
            wrong += 1
            print(f"  DECODED DIFFERENTLY: {ascii(ours)} and {ascii(theirs)}")
    return wrong


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--full"]
    command, work = arguments[0], pathlib.Path(arguments[1])
    data = pathlib.Path(arguments[2]) if len(arguments) > 2 else None
    work.mkdir(parents=True, exist_ok=True)
    lines = []
    if data is not None and data.exists():
        lines = list(read_lines([data / name for name in CORPORA]))
        text = lines[::max(1, len(lines) // TRAINING_LINES)]
    else:
        print(f"skipped: the corpora's lines, as {data} is not there")
        subprocess.run([command, "corpus", "sample", "--output", work / "sample"], check=True,
                       stdout=subprocess.DEVNULL)
        text = list(read_lines(sorted((work / "sample").rglob("*.jsonl*"))))
    words = sorted({word for line in text[:2000] for word in line.split()})
    wrong = 0
    for name, tokenizer, assigned_only in variants(text):
        folder = work / name
        folder.mkdir(exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(json.dumps(ROLES))
        rng = random.Random(name)
        count = STRINGS if name == "modernbert" else STRINGS_OF_OTHERS
        strings = [random_string(rng, words, assigned_only) for _ in range(count)]
        strings = [string for string in strings if is_document(string)]
        print(f"{name}: {tokenizer.get_vocab_size()} ids")
        wrong += compare("random strings", command, folder, tokenizer, strings, work)
        wrong += compare_text(command, folder, tokenizer, strings[:DECODED])
        if name == "modernbert" and lines:
            compared = lines if "--full" in sys.argv else lines[::10]
            wrong += compare("corpora", command, folder, tokenizer, compared, work)
    if wrong:
        sys.exit(f"{wrong} differences")
    print("all ids agree")


if __name__ == "__main__":
    main()
