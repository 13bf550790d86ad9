"""Compares what is read from GLUE's files with what transformers' processors read.

usage: check_glue.py PATH_OF_rexbert_datasets_glue

Files in the published format of each task are made here, with texts of quotation marks, foreign
scripts and odd white space, and with some lines of QQP cut short by a line break.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

from transformers.data.processors.glue import glue_processors

PARSES = ["sentence1_binary_parse", "sentence2_binary_parse", "sentence1_parse", "sentence2_parse"]
MNLI = ["index", "promptID", "pairID", "genre", *PARSES, "sentence1", "sentence2"]
SENTENCES = ["index", "sentence1", "sentence2", "label"]
BINARY = ["0", "1"]
ENTAILMENT = ["entailment", "not_entailment"]
NLI = ["entailment", "neutral", "contradiction"]
SCORES = ["0.000", "0.25", "3.800", "4", "5.000"]
STSB = ["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1",
        "sentence2", "score"]
# Task, split (and file), processor, columns, the one of the label and its values.
FILES = [
    ("CoLA", "train", "cola", ["source", "label", "mark", "text"], "label", BINARY),
    ("SST-2", "dev", "sst-2", ["sentence", "label"], "label", BINARY),
    ("MRPC", "train", "mrpc",
     ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], "Quality", BINARY),
    ("STS-B", "dev", "sts-b", STSB, "score", SCORES),
    ("QQP", "train", "qqp",
     ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"], "is_duplicate", BINARY),
    ("MNLI", "train", "mnli", [*MNLI, "label1", "gold_label"], "gold_label", NLI),
    ("MNLI", "dev_matched", "mnli",
     [*MNLI, *(f"label{i}" for i in range(1, 6)), "gold_label"], "gold_label", NLI),
    ("MNLI", "dev_mismatched", "mnli-mm",
     [*MNLI, *(f"label{i}" for i in range(1, 6)), "gold_label"], "gold_label", NLI),
    ("QNLI", "dev", "qnli", ["index", "question", "sentence", "label"], "label", ENTAILMENT),
    ("RTE", "train", "rte", SENTENCES, "label", ENTAILMENT),
    ("WNLI", "dev", "wnli", SENTENCES, "label", BINARY),
]
WORDS = ['"', '""', "'s", "cat", "naïve", "日本", "\\", "(ROOT", "`", " ", "\u00a0", "?", "#1", "-"]


def random_cell(rng):
    return "".join(rng.choices(WORDS, k=rng.randint(1, 8)))


def make_file(rng, path, task, columns, label, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [] if task == "CoLA" else ["\t".join(columns)]
    for _ in range(200):
        cells = [rng.choice(values) if name == label else random_cell(rng) for name in columns]
        lines.append("\t".join(cells))
        if task == "QQP" and rng.random() < 0.05:
            lines[-1] = "\n".join(lines[-1].rsplit("\t", 2))
    mark = "\ufeff" if task == "MRPC" else ""
    path.write_bytes((mark + "\n".join(lines) + "\n").encode())


def reference(folder, processor, split):
    reader = glue_processors[processor]()
    read = reader.get_train_examples if split == "train" else reader.get_dev_examples
    return [[example.text_a, example.text_b or "", example.label] for example in read(str(folder))]


def main():
    rng = random.Random(7)
    total = 0
    with tempfile.TemporaryDirectory() as root:
        for task, split, processor, columns, label, values in FILES:
            folder = pathlib.Path(root) / task
            make_file(rng, folder / f"{split}.tsv", task, columns, label, values)
            done = subprocess.run([sys.argv[1], root, task, split], stdout=subprocess.PIPE,
                                  check=True)
            ours = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
            theirs = reference(folder, processor, split)
            if task == "STS-B":
                theirs = [[first, second, float(score)] for first, second, score in theirs]
            if ours != theirs:
                sys.exit(f"{task} {split}: {len(ours)} and {len(theirs)} examples differ")
            total += len(ours)
    print(f"{len(FILES)} files, {total} examples are the same")


if __name__ == "__main__":
    main()
