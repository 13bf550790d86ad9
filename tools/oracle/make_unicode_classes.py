"""Writes src/tokenizer/unicode_classes.inc from what the pinned `tokenizers` takes for a letter.

usage: make_unicode_classes.py [PATH]

\\p{L}, \\p{N} and \\s are those of its regular expressions (Oniguruma), \\w that of its matching of
whole words (Rust's regex): each code point is asked for. Surrogates are in no class.
"""

import pathlib
import sys

import tokenizers
from tokenizers import Regex, pre_tokenizers

LETTER, NUMBER, SPACE, WORD = 1, 2, 4, 8
POINTS = [p for p in range(0x110000) if not 0xD800 <= p <= 0xDFFF]


def points_of(pattern):
    """The code points that the pattern matches, found by keeping only its matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    for begin in range(0, len(POINTS), 4096):
        text = "".join(map(chr, POINTS[begin:begin + 4096]))
        for piece, _ in split.pre_tokenize_str(text):
            yield from map(ord, piece)


def word_points():
    """A letter and the code point stay one word."""
    split = pre_tokenizers.Whitespace()  # \w+|[^\w\s]+
    for point in POINTS:
        pieces = split.pre_tokenize_str("a" + chr(point))
        if len(pieces) == 1 and len(pieces[0][0]) == 2:
            yield point


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "src/tokenizer/unicode_classes.inc"
    classes = bytearray(0x110000)
    for bit, points in ((LETTER, points_of(r"\p{L}")), (NUMBER, points_of(r"\p{N}")),
                        (SPACE, points_of(r"\s")), (WORD, word_points())):
        for point in points:
            classes[point] |= bit
    runs = [f"{{0x{point:X}, {classes[point]}}}," for point in range(0x110000)
            if point == 0 or classes[point] != classes[point - 1]]
    lines = [f"// Made by tools/oracle/make_unicode_classes.py with tokenizers {tokenizers.__version__}."]
    for run in runs:
        if len(lines) == 1 or len(lines[-1]) + 1 + len(run) > 100:
            lines.append(run)
        else:
            lines[-1] += " " + run
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{path}: {len(runs)} runs")


if __name__ == "__main__":
    main()
