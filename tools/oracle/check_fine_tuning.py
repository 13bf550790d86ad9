"""Fine-tunes with `rexbert eval suite` and with transformers, torch-optimi and plain PyTorch from the same weights on the
same batches: token classification, CoSENT similarity, classification and a regression of GLUE. Losses agree within
1e-4 over all steps; the scores of the end, by seqeval, scipy and scikit-learn, are equal, correlations within 2e-3. The models that the suite keeps
load in transformers with the same predictions.

usage: check_fine_tuning.py REXBERT
"""
import json
import pathlib
import random
import sys
import tempfile

import torch
from check_checkpoint import run, train
from optimi import StableAdamW
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import f1_score as entity_f1
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoTokenizer, ModernBertForSequenceClassification, ModernBertForTokenClassification, ModernBertModel

TOLERANCE = 1e-4  # of losses
# Of scores; nearly equal cosines and outputs change places in the last bits, and with them ranks.
SCORE_TOLERANCES = {"tags": 0.0, "classes": 0.0, "pairs": 2e-3, "scores": 2e-3}
STEPS, BATCH, DECAY, SCALE, LONGEST = 20, 16, 1e-2, 20.0, 128
PEAKS = {"tags": 3e-3, "pairs": 1e-3, "classes": 3e-3, "scores": 1e-2}  # learning rates
EXAMPLES = STEPS * BATCH // 2  # two epochs
KINDS = ("red", "blue", "large", "small"), ("shoe", "lamp", "phone", "table"), ("by", "for", "with", "and")
LABELS = {"E": 1.0, "S": 0.66, "C": 0.33, "I": 0.0}
CONFIG = """
seeds: [3]
micro_tokens: 256
keep_models: true
tasks:
  tags: {{kind: token_classification, train: {root}/tags.jsonl, test: {root}/tags_test.jsonl, learning_rate: [{tags}], {tuning}}}
  pairs: {{kind: similarity, train: {root}/pairs.jsonl, test: {root}/pairs_test.jsonl, learning_rate: [{pairs}], {tuning}}}
  classes: {{kind: classification, pooling: cls, train: {root}/classes.jsonl, test: {root}/classes_test.jsonl, learning_rate: [{classes}], {tuning}}}
  scores: {{kind: glue, glue: {root}/glue, corpus: STS-B, learning_rate: [{scores}], {tuning}}}
"""
TUNING = f"epochs: [2], batch: {BATCH}, weight_decay: [{DECAY}], max_tokens: {LONGEST}"


def make_words(draw):
    words, tags = [], []
    for _ in range(draw.randint(2, 12)):
        kind = draw.randrange(3)
        words.append(draw.choice(KINDS[kind]) + draw.choice(("", "", "s", "-2")))
        tags.append(("B-property", "B-product", "O")[kind])
        if kind == 1 and draw.random() < 0.4:
            words.append(draw.choice(KINDS[1]))
            tags.append("I-product")
    return words, tags


def kind_of(word):
    return next(kind for kind, words in enumerate(KINDS) if word.startswith(words))


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf8")


def write_data(root):
    for suffix, count, seed in (("", EXAMPLES, 1), ("_test", 100, 2)):
        draw = random.Random(seed)
        tagged = [make_words(draw) for _ in range(count)]
        write_lines(root / f"tags{suffix}.jsonl", [{"tokens": words, "tags": tags} for words, tags in tagged])
        write_lines(root / f"classes{suffix}.jsonl",
                    [{"text": " ".join(words), "category": draw.choice("abc") if draw.random() < 0.1 else
                      "abc"[kind_of(words[0])]} for words, _ in tagged])
        pairs = [(words, draw.choice("ESCI"), make_words(draw)[0]) for words, _ in tagged]
        write_lines(root / f"pairs{suffix}.jsonl",
                    [{"query": " ".join(words), "product_id": str(i), "label": label,
                      "title": " ".join({"E": words, "S": words[:len(words) // 2] + other[:2]}.get(label, other))}
                     for i, (words, label, other) in enumerate(pairs)])
    folder = root / "glue/STS-B"
    folder.mkdir(parents=True)
    names = "index genre filename year old_index source1 source2 sentence1 sentence2 score".split()
    for split, count, seed in (("train", EXAMPLES, 3), ("dev", 100, 4)):
        draw = random.Random(seed)
        texts = [(make_words(draw)[0], make_words(draw)[0]) for _ in range(count)]
        rows = [[str(i), "g", "f", "2012", str(i), "s", "s", " ".join(first), " ".join(second),
                 f"{2 * kind_of(first[0]) + draw.random():.3f}"] for i, (first, second) in enumerate(texts)]
        (folder / f"{split}.tsv").write_text("".join("\t".join(row) + "\n" for row in [names, *rows]), encoding="utf8")


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def encode(tokenizer, *texts, **options):
    return tokenizer(*texts, truncation=True, max_length=LONGEST, return_tensors="pt", **options)


class Tags:
    name, model = "tags", ModernBertForTokenClassification
    labels = ["B-product", "B-property", "I-product", "I-property", "O"]

    def __init__(self, root, split):
        self.examples = read_lines(root / f"tags{split}.jsonl")

    def logits(self, model, tokenizer, example):
        inputs = encode(tokenizer, example["tokens"], is_split_into_words=True)
        words = inputs.word_ids()
        first = [words.index(word) for word in range(len(example["tokens"]))]
        return model(input_ids=inputs["input_ids"]).logits[0, first]

    def loss(self, model, tokenizer, examples):
        logits = torch.cat([self.logits(model, tokenizer, example) for example in examples])
        return torch.nn.functional.cross_entropy(
            logits, torch.tensor([self.labels.index(tag) for example in examples for tag in example["tags"]]))

    def scores(self, model, tokenizer):
        found = [[self.labels[i] for i in self.logits(model, tokenizer, example).argmax(1)] for example in self.examples]
        wanted = [example["tags"] for example in self.examples]
        return {"f1": entity_f1(wanted, found), "macro_f1": entity_f1(wanted, found, average="macro")}


class Classes:
    name, model, labels = "classes", ModernBertForSequenceClassification, ["a", "b", "c"]

    def __init__(self, root, split):
        self.examples = read_lines(root / f"classes{split}.jsonl")

    def logits(self, model, tokenizer, example):
        return model(input_ids=encode(tokenizer, example["text"])["input_ids"]).logits[0]

    def loss(self, model, tokenizer, examples):
        logits = torch.stack([self.logits(model, tokenizer, example) for example in examples])
        return torch.nn.functional.cross_entropy(
            logits, torch.tensor([self.labels.index(example["category"]) for example in examples]))

    def scores(self, model, tokenizer):
        found = [self.labels[self.logits(model, tokenizer, example).argmax()] for example in self.examples]
        wanted = [example["category"] for example in self.examples]
        return {"accuracy": accuracy_score(wanted, found), "macro_f1": f1_score(wanted, found, average="macro")}


class Scores:
    name, model, labels = "scores", ModernBertForSequenceClassification, [0]

    def __init__(self, root, split):
        rows = (root / f"glue/STS-B/{'dev' if split else 'train'}.tsv").read_text(encoding="utf8").splitlines()
        self.examples = [None, *[row.split("\t") for row in rows[1:]]]  # a header's line has a number too
        if split:
            del self.examples[0]

    def output(self, model, tokenizer, row):
        return model(input_ids=encode(tokenizer, row[7], row[8])["input_ids"]).logits[0, 0]

    def loss(self, model, tokenizer, rows):
        outputs = torch.stack([self.output(model, tokenizer, row) for row in rows])
        return torch.nn.functional.mse_loss(outputs, torch.tensor([float(row[9]) for row in rows]))

    def scores(self, model, tokenizer):
        found = [self.output(model, tokenizer, row).item() for row in self.examples]
        wanted = [float(row[9]) for row in self.examples]
        return {"pearson": pearsonr(found, wanted)[0], "spearman": spearmanr(found, wanted)[0]}


class Pairs:
    name, model, labels = "pairs", ModernBertModel, None

    def __init__(self, root, split):
        self.examples = read_lines(root / f"pairs{split}.jsonl")

    def cosine(self, model, tokenizer, example):
        query, title = (model(input_ids=encode(tokenizer, example[key])["input_ids"]).last_hidden_state[0].mean(0)
                        for key in ("query", "title"))
        return torch.nn.functional.cosine_similarity(query, title, dim=0)

    def loss(self, model, tokenizer, examples):
        cosines = [self.cosine(model, tokenizer, example) for example in examples]
        terms = [SCALE * (low - high) for high, a in zip(cosines, examples) for low, b in zip(cosines, examples)
                 if LABELS[a["label"]] > LABELS[b["label"]]]
        return torch.log(1 + torch.stack(terms).exp().sum())

    def scores(self, model, tokenizer):
        found = [self.cosine(model, tokenizer, example).item() for example in self.examples]
        wanted = [LABELS[example["label"]] for example in self.examples]
        return {"pearson": pearsonr(found, wanted)[0], "spearman": spearmanr(found, wanted)[0]}


def make_optimizer(model, peak):
    decayed = [p for name, p in model.named_parameters() if not (name.endswith("norm.weight") or name.endswith("bias"))]
    rest = [p for name, p in model.named_parameters() if name.endswith("norm.weight") or name.endswith("bias")]
    return StableAdamW([{"params": decayed, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}], lr=peak,
                       betas=(0.9, 0.98), eps=1e-6, decouple_lr=True, max_lr=peak, triton=False)


def check(task_class, folder, root):
    task, test = task_class(root, ""), task_class(root, "_test")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    options = {"classifier_pooling": "cls"} if task.name == "classes" else {"classifier_pooling": "mean"}
    if task.labels is not None:
        options["num_labels"] = len(task.labels)
    model = task.model.from_pretrained(folder, attn_implementation="eager", **options)
    if task.labels is not None:
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.zero_()
    optimizer = make_optimizer(model, PEAKS[task.name])
    part = root / f"out/parts/model/{task.name}/seed-3"
    steps = [line for line in read_lines(part / "metrics.jsonl") if line["kind"] == "train"]
    largest = 0.0
    for step in steps:
        loss = task.loss(model, tokenizer, [task.examples[line - 1] for line in step["lines"]])
        largest = max(largest, abs(loss.item() - step["loss"]))
        for group in optimizer.param_groups:
            group["lr"] = step["learning_rate"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    ours = json.loads((part / "result.json").read_text())["values"]
    with torch.no_grad():
        theirs = test.scores(model.eval(), tokenizer)
        kept = test.scores(task.model.from_pretrained(root / f"out/models/model/{task.name}/seed-3").eval(), tokenizer)
    apart = max(abs(value - ours[key]) for key, value in theirs.items())
    kept_apart = max(abs(value - ours[key]) for key, value in kept.items())
    print(f"{task.name}: {len(steps)} steps, losses {steps[0]['loss']:.4f} to {steps[-1]['loss']:.4f}, largest difference "
          f"{largest:.1e}; scores {', '.join(f'{key} {value:.4f}' for key, value in theirs.items())}, largest difference "
          f"{apart:.1e}, of the kept model {kept_apart:.1e}")
    return (len(steps) == STEPS and largest <= TOLERANCE and
            max(apart, kept_apart) <= SCORE_TOLERANCES[task.name])


def main(rexbert):
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        folder = train(rexbert, root)
        write_data(root)
        (root / "suite.yaml").write_text(CONFIG.format(root=root, tuning=TUNING, **PEAKS))
        run(rexbert, "eval", "suite", "--checkpoint", f"model={folder}", "--config", root / "suite.yaml", "--output",
            root / "out")
        results = [check(task, folder, root) for task in (Tags, Classes, Pairs, Scores)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
