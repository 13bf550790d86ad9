"""Scores what scripts/curation_truth.sh left: line F1 of the filter trained on weak labels, of the one
trained on true labels and of the weak labeller alone, by domain. Standard library only.

usage: curation_truth.py WORK_DIR
"""
import collections
import json
import pathlib
import sys

OVERALL, EVERY_DOMAIN, OF_TRUE_LABELS = 0.95, 0.90, 0.97


def json_lines(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def kept_by_filter(path):
    """The kept lines of each document."""
    return {document["id"]: {line for begin, end in document["spans"] for line in range(begin, end)}
            for document in json_lines(path)}


def kept_by_labels(path):
    return {task["id"]: {line for line, label in zip(task["lines"], task["labels"]) if label == 1}
            for task in json_lines(path)}


def scores(kept, truth):
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for identity, labels in truth.items():
        found = kept.get(identity, set())
        for line, label in enumerate(labels):
            for name in ("all", identity.rsplit("-", 1)[0]):
                counts[name][0] += label and line in found
                counts[name][1] += line in found
                counts[name][2] += label
    return {name: {"precision": right / max(1, found), "recall": right / all_true, "f1": 2 * right / (found + all_true)}
            for name, (right, found, all_true) in counts.items()}


def main():
    work = pathlib.Path(sys.argv[1])
    truth = {row["id"]: row["labels"] for row in json_lines(work / "test.labels.jsonl")}
    results = {"weak labels": scores(kept_by_filter(work / "weak.kept.jsonl"), truth),
               "true labels": scores(kept_by_filter(work / "true.kept.jsonl"), truth),
               "weak labeller alone": scores(kept_by_labels(work / "labeller/label/labels.jsonl"), truth)}
    (work / "curation_truth.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    names = sorted(results["weak labels"], key=lambda name: (name == "all", name))
    print(f"{'F1 (precision/recall)':24}" + "".join(f"{name:>22}" for name in results))
    for name in names:
        cells = [of[name] for of in results.values()]
        print(f"{name:24}" + "".join(
            f"{cell['f1']:8.3f} ({cell['precision']:.3f}/{cell['recall']:.3f})" for cell in cells))
    ours = results["weak labels"]
    ratio = ours["all"]["f1"] / results["true labels"]["all"]["f1"]
    print(f"weak over true labels: {ratio:.3f}")
    missed = [name for name in names if ours[name]["f1"] < (OVERALL if name == "all" else EVERY_DOMAIN)]
    if ratio < OF_TRUE_LABELS:
        missed.append("weak over true labels")
    sys.exit(f"below the target: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
