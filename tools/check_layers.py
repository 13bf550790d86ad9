#!/usr/bin/env python3
"""Fails when an include breaks the order of the modules or a wall around a third-party library, or
when no header of a module says what the module is for.

    tools/check_layers.py [ROOT]

Reads every include in include/rexbert/<module>/ and src/<module>/ below ROOT (this repository) and
prints each broken rule as "file:line: what". docs/architecture.md says why the rules are as they are.
One header of each include/rexbert/<module>/, its main one, has a comment that begins "// <module>: ".
"""

import pathlib
import re
import sys
from typing import NamedTuple

# The modules, each with those it may use. A module may always use itself.
USES = {
    "core": "",
    "net": "core",
    "html": "core",
    "metrics": "core",
    "config": "core",
    "text": "core config",
    "datasets": "core config text",
    "tokenizer": "core config text",
    "shard": "core config net",
    "corpus": "core config text tokenizer shard",
    "plan": "core config",
    "batch": "core config shard tokenizer plan",
    "curate": "core html config net text tokenizer shard corpus plan batch",
    "ops": "core",
    "nn": "core config ops",
    "optim": "core config ops",
    "dist": "core",
    "hf": "core config tokenizer ops nn",
    "ckpt": "core config tokenizer plan ops nn optim dist hf",  # plan: where the run began
    "infer": "core config text tokenizer ops nn hf",
    "eval": "core config metrics text datasets shard tokenizer plan batch ops nn dist hf infer",
    "train": "core net config text tokenizer shard plan batch ops nn optim dist hf ckpt infer eval",
    "tasks": "core net html config metrics text datasets tokenizer shard plan batch ops nn optim"
             " dist hf ckpt infer eval train",
    "cli": "core net html config metrics text datasets tokenizer shard corpus curate plan batch ops"
           " nn optim dist hf ckpt infer eval train tasks",
}
TORCH_FREE = set(
    "core net html config metrics text datasets tokenizer shard corpus plan batch curate".split())


class Wall(NamedTuple):
    """A third-party library and the only place whose sources may include it."""

    library: str
    header: str  # regular expression, matched at the beginning of the included path
    room: str  # a module's folder or one file, below src/


WALLS = [
    Wall("yaml-cpp", r"yaml-cpp/|yaml\.h$", "config/"),
    Wall("spdlog", r"spdlog/|fmt/", "core/log.cc"),
    Wall("CLI11", r"CLI/|CLI11\.hpp$", "cli/"),
    Wall("SentencePiece", r"(?:.*/)?sentencepiece|builtin_pb/", "tokenizer/"),
    Wall("ICU", r"unicode/", "tokenizer/"),
    Wall("libcurl", r"curl/", "net/"),
    Wall("Gumbo", r"gumbo\.h$", "curate/"),
    Wall("Arrow", r"(?:arrow|parquet)/", "curate/parquet_module.cc"),
    Wall("fastText", r"(?:.*/)?fasttext", "curate/"),
    Wall("c10d", r"torch/csrc/distributed/|c10d/|gloo/|nccl\.h$", "dist/"),
]
TORCH = re.compile(r"(?:torch|ATen|c10|caffe2)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".h", ".hpp", ".inl", ".cc", ".cpp", ".cu", ".cuh"}


def included_module(target: str, quoted: bool, file: pathlib.Path,
                    root: pathlib.Path) -> str | None:
    """The module of ours that an include names: by its public path, from src/, or relatively. An
    include in angle brackets that is not of ours may begin like one: <net/if.h>."""
    if target.startswith("rexbert/"):
        return target.split("/")[1]
    beside = (file.parent / target).resolve()
    if beside.is_file():
        for base in (root / "src", root / "include" / "rexbert"):
            if beside.is_relative_to(base):
                return beside.relative_to(base).parts[0]
    first = target.split("/")[0]
    return first if quoted and "/" in target and first in USES else None


def broken_rule(target: str, quoted: bool, module: str, file: pathlib.Path,
                root: pathlib.Path) -> str | None:
    used = included_module(target, quoted, file, root)
    if used is not None:
        if used not in USES:
            return f"there is no module {used} (known: {' '.join(USES)})"
        if used != module and used not in USES[module].split():
            return f"{module} may not use {used} (it may use: {USES[module] or 'nothing'})"
        return None
    public = file.is_relative_to(root / "include")
    for wall in WALLS:
        if not re.match(wall.header, target):
            continue
        if public:
            return f"{wall.library} may not be seen in a public header"
        if not file.relative_to(root / "src").as_posix().startswith(wall.room):
            return f"{wall.library} may only be used in src/{wall.room}"
    if module in TORCH_FREE and TORCH.match(target):
        return f"{module} is free of LibTorch"
    return None


def unexplained_modules(root: pathlib.Path) -> list[str]:
    """A line for each module without a main header, or with two."""
    problems = []
    for folder in sorted((root / "include" / "rexbert").glob("*")):
        begin = re.compile(rf"^// {re.escape(folder.name)}: \S", re.MULTILINE)
        main = [file.name for file in sorted(folder.glob("*.h"))
                if begin.search(file.read_text(encoding="utf-8"))]
        if len(main) != 1:
            problems.append(f"{folder.relative_to(root).as_posix()}:1: expected one header with a "
                            f'comment that begins "// {folder.name}: ", found '
                            f"{' '.join(main) or 'none'}")
    return problems


def check_tree(root: pathlib.Path) -> tuple[list[str], int]:
    """The broken rules as printable lines, and how many files were read."""
    root = root.resolve()
    problems = []
    count = 0
    for base in (root / "include" / "rexbert", root / "src"):
        for file in sorted(base.rglob("*")):
            if not file.is_file() or file.suffix not in SOURCES:
                continue
            count += 1
            where = file.relative_to(root).as_posix()
            module = file.relative_to(base).parts[0]
            if module not in USES:
                problems.append(f"{where}:1: there is no module {module} (known: {' '.join(USES)})")
                continue
            text = file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                rule = broken_rule(match.group(2), match.group(1) == '"', module, file, root)
                if rule:
                    line = text.count("\n", 0, match.start(2)) + 1
                    problems.append(f"{where}:{line}: includes {match.group(2)}: {rule}")
    return problems, count


def main() -> int:
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1].startswith("-")):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else pathlib.Path(__file__).parents[1]
    problems, count = check_tree(root)
    if count == 0:
        print(f"{root}: expected sources in include/rexbert/ and src/, found none", file=sys.stderr)
        return 2
    problems += unexplained_modules(root)
    for problem in problems:
        print(problem)
    print(f"layers: {count} files, {len(problems)} broken rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
