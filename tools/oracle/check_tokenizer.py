"""Compares a tokenizer's ids with transformers' fast tokenizer and with SentencePiece.

usage: check_tokenizer.py REXBERT WORK_DIR [DATA_DIR [--full]]

REXBERT is the command. Tokenizers are trained into WORK_DIR on text made here (and on DATA_DIR's
corpora, where there are any), with each model type and white-space option, and compared on random
strings and on the corpora's lines. A difference passes only where both segmentations are proven to
have the same score within single precision, and each is printed.

With --full, tokenizers of the corpora are compared on every line of them and on 100,000 random
strings, with NFKC too: there transformers' normalizer takes grapheme clusters, so that one line in
10,000 and one random string in 50 may differ.
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys

import sentencepiece
import transformers
import zstd

STRINGS = 20_500  # some of them blank, which are left out
CORPORA = ["general/wikipedia.jsonl.zst", "general/books.jsonl.zst", "ecommerce/products.jsonl.zst"]
CORPUS_LINES = 25_000  # of each corpus, without --full
FULL_STRINGS = 100_000
NFKC_LINES, NFKC_STRINGS = 1e-4, 0.02  # shares that may differ
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<0x41>", "<unused0>", "<0x0A>"]
# SentencePiece adds scores up in single precision along a whole line.
RELATIVE_TIE = 2e-6


def make_training_text(rng):
    """Prose-like lines from invented words, with numbers, line breaks and foreign scripts."""
    syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"] + ["er", "in", "th", "ing"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(4000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    extra = ["été", "naïve", "日本語", "Привет", "μm", "—", "“q”", "3.5mm", "x100", "\n", "A/B", "  "]
    for _ in range(20_000):
        line = rng.choices(words, weights, k=rng.randint(3, 30))
        for _ in range(rng.randint(0, 4)):
            line.insert(rng.randint(0, len(line)), rng.choice(extra))
        yield " ".join(line) + rng.choice([".", "!", "?", ""])


def random_string(rng, words):
    kind = rng.random()
    if kind < 0.3:
        pool = [chr(c) for c in range(32, 127)] + ["\n", "\t", " ", "é", "ß", "—"]
        return "".join(rng.choices(pool, k=rng.randint(0, 60)))
    if kind < 0.45:
        points = (rng.randint(1, 0x10FFFF) for _ in range(rng.randint(1, 30)))
        return "".join(chr(p) for p in points if not 0xD800 <= p <= 0xDFFF and p != 0x2581)
    if kind < 0.6:
        parts = rng.choices(SPECIALS + words[:200] + [" ", "  "], k=rng.randint(1, 12))
        return "".join(parts)
    parts = rng.choices(words, k=rng.randint(1, 25))
    spaces = [" ", " ", " ", " ", "  ", "   ", "\n", " \n ", ""]
    return rng.choice(["", "", " ", "  "]) + "".join(p + rng.choice(spaces) for p in parts)


def is_document(string):
    """An empty string or one of white space is no document: it would not come back from our side."""
    return bool(string.strip(" \t\r\n\v\f")) and "\0" not in string


def read_corpus_lines(data, limit):
    for name in CORPORA:
        count = 0
        for line in zstd.decompress((data / name).read_bytes()).decode().split("\n"):
            for part in json.loads(line)["text"].split("\n") if line else []:
                if part.strip() and "\u2581" not in part:
                    yield part
                    count += 1
            if limit and count >= limit:
                break


def our_ids(command, folder, strings, work):
    source = work / "strings.jsonl"
    with open(source, "w", encoding="utf8") as out:
        for string in strings:
            out.write(json.dumps({"text": string}) + "\n")
    run = subprocess.run([command, "tokenizer", "encode", folder, "--input", source], check=True,
                         stdout=subprocess.PIPE)
    return [list(map(int, line.split())) for line in run.stdout.decode().splitlines()]


def path_score(processor, ids):
    return sum(processor.get_score(i) for i in ids)


def is_proven_tie(processor, a, b):
    """Both must spell the same text, and their scores must agree within single precision."""
    spell = lambda ids: "".join(processor.id_to_piece(i) for i in ids)
    if spell(a) != spell(b):
        return False
    score_a, score_b = path_score(processor, a), path_score(processor, b)
    return abs(score_a - score_b) <= RELATIVE_TIE * max(abs(score_a), abs(score_b))


def compare(name, processor, strings, ours, theirs, unigram):
    ties, wrong = 0, 0
    for string, a, b in zip(strings, ours, theirs, strict=True):
        if a == b:
            continue
        if unigram and is_proven_tie(processor, a, b):
            ties += 1
            print(f"  {name}: equal scores: {string[:60]!r}: {a} and {b}" if len(a) < 12 else
                  f"  {name}: equal scores in {string[:60]!r}...")
        else:
            wrong += 1
            if wrong <= 5:
                print(f"  {name}: DIFFERENT: {string!r}\n    ours   {a}\n    theirs {b}")
    print(f"  {name}: {len(strings)} strings, {ties} equal-score ties, {wrong} different")
    return wrong


def check(command, work, name, train_input, arguments, strings):
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([command, "tokenizer", "train", "--input", *train_input, "--output", folder,
                    *arguments], check=True, stdout=subprocess.DEVNULL)
    print(f"{name}: {' '.join(arguments)}")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    fast = transformers.AutoTokenizer.from_pretrained(folder)
    assert fast.is_fast, "AutoTokenizer did not give a fast tokenizer"
    assert len(fast) == processor.get_piece_size(), "vocabulary sizes differ"
    specials = [fast.pad_token_id, fast.unk_token_id, fast.cls_token_id, fast.sep_token_id,
                fast.mask_token_id]
    assert specials == [0, 1, 2, 3, 4], f"special ids {specials}"
    pair = fast("one", "two")["input_ids"]
    assert pair[0] == 2 and pair.count(3) == 2 and pair[-1] == 3, f"pair template gave {pair}"
    unigram = "bpe" not in arguments
    ours = our_ids(command, folder, strings, work)
    assert not any(i < 5 and i != 1 for ids in ours for i in ids), "text became a special token"
    wrong = compare("sentencepiece", processor, strings, ours, processor.encode(strings), unigram)
    batch = fast(strings, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    wrong += compare("transformers", processor, strings, ours, batch, unigram)
    masked = fast.convert_ids_to_tokens(fast("one [MASK] two.")["input_ids"])
    print(f"  mask: {masked}")
    return wrong


def check_all(command, work, rng, words, lines, corpora):
    """The random strings of --full, and all with NFKC."""
    strings = list(filter(is_document, (random_string(rng, words) for _ in range(FULL_STRINGS))))
    wrong = 0
    for name, arguments in {"corpora_strings": [], "corpora_bpe_strings": ["--model", "bpe"]}.items():
        wrong += check(command, work, name, corpora, ["--vocabulary-size", "8000", "--max-bytes", "2MiB", *arguments],
                       strings)
    nfkc = ["--vocabulary-size", "8000", "--max-bytes", "2MiB", "--normalization", "nfkc"]
    for name, texts, share in (("nfkc_lines", lines, NFKC_LINES), ("nfkc_strings", strings, NFKC_STRINGS)):
        differing = check(command, work, name, corpora, nfkc, texts)
        print(f"  {name}: {differing} of {len(texts)} differ, {share * len(texts):.0f} may")
        wrong += max(0, differing - int(share * len(texts)))
    return wrong


def main():
    command, work = sys.argv[1], pathlib.Path(sys.argv[2])
    data = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    full = "--full" in sys.argv
    work.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    rng = random.Random(17)
    text = list(make_training_text(rng))
    made = work / "made.jsonl"
    made.write_text("".join(json.dumps({"text": line}) + "\n" for line in text), encoding="utf8")
    words = sorted({word for line in text for word in line.split()})
    strings = list(filter(is_document, (random_string(rng, words) for _ in range(STRINGS))))
    small = ["--vocabulary-size", "2000"]
    wrong = 0
    for name, arguments in {
        "unigram": [],
        "unigram_no_prefix": ["--no-dummy-prefix"],
        "unigram_runs": ["--whitespace-runs"],
        "unigram_trimmed": ["--remove-extra-whitespaces"],
        "unigram_no_bytes": ["--no-byte-fallback"],
        "unigram_across": ["--no-split-by-whitespace"],
        "unigram_digits": ["--split-digits"],
        "bpe": ["--model", "bpe"],
        "bpe_runs": ["--model", "bpe", "--whitespace-runs"],
    }.items():
        wrong += check(command, work, name, [made], small + arguments, strings)
    if data is not None and data.exists():
        lines = list(read_corpus_lines(data, 0 if full else CORPUS_LINES))
        corpora = [data / name for name in CORPORA]
        wrong += check(command, work, "corpora", corpora,
                       ["--vocabulary-size", "8000", "--max-bytes", "8MiB"], lines)
        wrong += check(command, work, "corpora_bpe", corpora,
                       ["--vocabulary-size", "8000", "--max-bytes", "2MiB", "--model", "bpe"], lines)
        if full:
            wrong += check_all(command, work, rng, words, lines, corpora)
    else:
        print(f"skipped: the corpora's lines, as {data} is not there")
    if wrong:
        sys.exit(f"{wrong} unexplained differences")
    print("all ids agree")


if __name__ == "__main__":
    main()
