"""Writes tests/golden/byte_level/: a small tokenizer of the `tokenizers` library with the ids it gives.

usage: make_byte_level_golden.py [FOLDER]

tokenizer.json has ModernBERT's normalizer, split and kinds of added tokens, and others for each of
their flags; cases.json is a list of [text, ids].
"""

import json
import pathlib
import random
import sys

import check_byte_level
from check_byte_level import PARTS, ROLES, random_string, train
from tokenizers import AddedToken, normalizers, pre_tokenizers

CASES = 240
WORDS = ["bake", "loke", "suder", "the", "other", "don't", "café", "naïve", "price", "wireless", "16", "GB",
         "日本語", "Привет", "α", "—"]


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests" / "golden" / "byte_level"
    folder.mkdir(parents=True, exist_ok=True)
    check_byte_level.VOCABULARY = 360
    rng = random.Random(11)
    lines = [" ".join(rng.choices(WORDS, k=12)) for _ in range(200)]
    added = [check_byte_level.special(t, lstrip=t == "[MASK]") for t in ROLES.values()]
    added += [AddedToken(" " * n, normalized=True) for n in (4, 3, 2)]
    added += [AddedToken(f"[unused{n}]", normalized=True) for n in range(3)]
    added += [AddedToken("zug", single_word=True), AddedToken("TAIL", rstrip=True, normalized=False),
              AddedToken("e\u0301", normalized=True), AddedToken("αb", lstrip=True, rstrip=True)]
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer = train(lines, normalizers.NFC(), split, added)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(json.dumps(ROLES, indent=2) + "\n")
    texts = ["", " ", "\n", "\0a"] + PARTS
    texts += [random_string(rng, WORDS, False) for _ in range(CASES - len(texts))]
    cases = [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in texts]
    rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / "cases.json").write_text(f"[\n{rows}\n]\n", encoding="ascii")
    print(f"{folder}: {len(cases)} cases, {tokenizer.get_vocab_size()} ids")


if __name__ == "__main__":
    main()
