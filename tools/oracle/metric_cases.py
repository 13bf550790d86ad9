"""Draws inputs for metrics and scores them with scikit-learn, scipy, numpy and seqeval.

A case is {"kind", "input", "expected"}; tests/metrics/metric_cases.h says how it is compared. A null
stands for NaN, and "refused" for what the reference raises an error for.
"""

import math
import warnings

import numpy as np
import scipy.stats
import seqeval.metrics
import sklearn.metrics
from seqeval.scheme import IOB2

TYPES = ["color", "size", "Brand Name", "a-b", "größe"]
# What stands before a type, by how well formed the tags shall be.
PREFIXES = {"formed": ["B-", "I-", "I-"],
            "odd": ["B-", "I-", "E-", "S-", "X-", "B", "I", "O-", "é-", ".-"],
            "strict": ["B-", "I-", "B--", "I", "O-"]}
ODD_TAGS = ["B", "I", "E", "S", "X", ".", "-", "B-", "I--", "BB", "é"]


def plain(value):
    """Numbers and lists as JSON has them, without NaN."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    return None if math.isnan(value) else float(value)


def classification(rng, size):
    classes = int(rng.integers(2, 9))
    used = int(rng.integers(1, classes + 1))
    truth = rng.integers(0, used, size)
    predicted = np.where(rng.random(size) < rng.random(), truth, rng.integers(0, classes, size))
    every = range(classes)
    result = {
        "accuracy": sklearn.metrics.accuracy_score(truth, predicted),
        "matthews": sklearn.metrics.matthews_corrcoef(truth, predicted),
        "confusion": sklearn.metrics.confusion_matrix(truth, predicted, labels=every).flatten(),
        "classes": list(zip(*sklearn.metrics.precision_recall_fscore_support(
            truth, predicted, labels=every, zero_division=0))),
    }
    for average in ("micro", "macro", "weighted"):
        scores = sklearn.metrics.precision_recall_fscore_support(
            truth, predicted, average=average, zero_division=0)
        result[average] = [*scores[:3], size]
    return {"classes": classes, "truth": truth, "predicted": predicted}, result


def some_values(rng, size):
    kind = rng.integers(0, 5)
    if kind == 0:  # many ties
        return rng.integers(-3, 4, size).astype(float)
    if kind == 1:
        return rng.normal(0, 1, size) * 10.0 ** rng.integers(-70, 70)
    if kind == 2 and rng.random() < 0.3:
        return np.full(size, rng.normal())
    return rng.normal(rng.normal(0, 10), 1, size)


def correlation(rng, size):
    size = max(size, 2)
    x = some_values(rng, size)
    y = some_values(rng, size)
    if rng.random() < 0.5:
        y = y + rng.normal() * x * (np.abs(y).max() / max(np.abs(x).max(), 1e-70))
    if rng.random() < 0.1:
        y[rng.integers(size)] = math.nan
    return {"x": x, "y": y}, {"pearson": scipy.stats.pearsonr(x, y).statistic,
                              "spearman": scipy.stats.spearmanr(x, y).statistic}


def ranks(rng, size):
    values = some_values(rng, size)
    return {"values": values}, scipy.stats.rankdata(values)


def ranking(rng, size):
    size = max(size, 2)
    gains = rng.choice([1.0, 0.66, 0.33, 0.0], size) if rng.random() < 0.7 else rng.random(size)
    scores = some_values(rng, size)
    cutoff = None if rng.random() < 0.3 else int(rng.integers(1, size + 3))
    expected = sklearn.metrics.ndcg_score([gains], [scores], k=cutoff)
    return {"gains": gains, "scores": scores, "cutoff": cutoff}, expected


def random_tag(rng, kind, types):
    if kind == "odd" and rng.random() < 0.15:
        return str(rng.choice(ODD_TAGS))
    if rng.random() < 0.35:
        return "O"
    return str(rng.choice(PREFIXES[kind])) + str(rng.choice(types))


def entities(rng, size):
    strict = bool(rng.random() < 0.4)
    kind = str(rng.choice(["formed", "strict" if strict and rng.random() < 0.9 else "odd"]))
    types = TYPES[:rng.integers(1, len(TYPES) + 1)]
    agreement = rng.random()
    truth, predicted = [], []
    for _ in range(max(1, size // 5)):
        tags = [random_tag(rng, kind, types) for _ in range(rng.integers(0, 12))]
        truth.append(tags)
        predicted.append([tag if rng.random() < agreement else random_tag(rng, kind, types)
                          for tag in tags])
    given = {"truth": truth, "predicted": predicted, "strict": strict}
    mode = {"mode": "strict", "scheme": IOB2} if strict else {}
    try:
        report = seqeval.metrics.classification_report(truth, predicted, output_dict=True,
                                                       zero_division=0, **mode)
    except (KeyError, ValueError):
        return given, "refused"
    rows = {name: [row["precision"], row["recall"], row["f1-score"], row["support"]]
            for name, row in report.items()}
    averages = {name: rows.pop(f"{name} avg") for name in ("micro", "macro", "weighted")}
    return given, {**averages, "types": rows}


def seeds(rng, size):
    values = some_values(rng, int(rng.integers(1, 9)))
    return {"values": values}, {"mean": values.mean(),
                                "deviation": values.std(ddof=1) if len(values) > 1 else math.nan}


KINDS = [classification, correlation, ranks, ranking, entities, entities, seeds]


def draw_cases(seed, count, largest):
    """`count` cases of sizes from 1 to `largest`, each a function of (seed, its number)."""
    cases = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant inputs, undefined scores, odd tags
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            kind = KINDS[number % len(KINDS)]
            given, expected = kind(rng, int(rng.integers(1, largest + 1)))
            cases.append({"kind": kind.__name__, "input": plain(given),
                          "expected": plain(expected)})
    return cases
