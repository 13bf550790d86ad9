"""Trains a tiny model with the command and holds its checkpoint folder and logs to what others read:
AutoModelForMaskedLM and AutoTokenizer give the same logits and ids, TensorBoard the same scalars.

usage: check_checkpoint.py REXBERT HF_LOGITS
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import sentencepiece
import torch
from check_tokenizer import is_proven_tie, our_ids
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForMaskedLM, AutoTokenizer

# f32 against f32: sums of a few hundred products in another order.
LOGIT_TOLERANCE = 1e-5
LENGTHS = (1, 2, 63, 64, 65, 130, 300)

CONFIG = """
run: {{name: oracle, directory: {root}/run}}
model: {{vocabulary_size: 512, layers: 4, hidden_size: 64, intermediate_size: 96, attention_heads: 2}}
tokenizer: {{path: {root}/tokenizer}}
streams: {{general: {{path: {root}/shards/train}}}}
data: {{lanes: 2}}
logging: {{every_steps: 1}}
evaluation: {{streams: {{general: {{path: {root}/shards/validation}}}}, tokens: 1k}}
phases:
  - name: only
    tokens: 8k
    context_length: 128
    rope_theta: {{global: 160000, local: 10000}}
    learning_rate: {{schedule: constant, peak: 5e-3}}
    batch: {{rows: 8}}
    masking: {{probability: 0.3}}
    mixture: {{general: 1.0}}
"""


def run(*words):
    subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def train(rexbert, root):
    run(rexbert, "corpus", "sample", "--output", root / "text", "--general", 80, "--long", 1, "--products", 80)
    run(rexbert, "tokenizer", "train", "--input", root / "text", "--output", root / "tokenizer",
        "--vocabulary-size", 512)
    run(rexbert, "tokenize", root / "text/general.jsonl", "--tokenizer", root / "tokenizer",
        "--output", root / "shards", "--holdout", "10%,2")
    (root / "config.yaml").write_text(CONFIG.format(root=root))
    run(rexbert, "train", "--config", root / "config.yaml")
    checkpoints = root / "run/checkpoints"
    return checkpoints / (checkpoints / "latest").read_text().strip()


def check_logits(hf_logits, folder, root):
    run(hf_logits, folder, root / "logits.safetensors", *LENGTHS)
    ours = load_file(root / "logits.safetensors")
    model = AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval()
    largest = 0.0
    for begin, end in zip(ours["offsets_S1"][:-1], ours["offsets_S1"][1:]):
        with torch.no_grad():
            theirs = model(input_ids=ours["tokens_T"][begin:end].long()[None]).logits[0]
        largest = max(largest, (theirs - ours["logits_TV"][begin:end]).abs().max().item())
    print(f"logits: largest difference {largest:.2e}, tolerance {LOGIT_TOLERANCE:.0e}")
    return largest <= LOGIT_TOLERANCE


def check_ids(rexbert, folder, root):
    texts = [json.loads(line)["text"] for name in ("general", "ecommerce")
             for line in open(root / f"text/{name}.jsonl", encoding="utf8")][:100]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    ties = wrong = 0
    for text, ours in zip(texts, our_ids(rexbert, folder, texts, root), strict=True):
        theirs = tokenizer(text, add_special_tokens=False)["input_ids"]
        if ours != theirs:
            tie = is_proven_tie(processor, ours, theirs)
            ties, wrong = ties + tie, wrong + (not tie)
    wrapped = tokenizer(texts[0])["input_ids"]
    ends = (wrapped[0], wrapped[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    print(f"ids: {len(texts)} texts, {ties} equal-score ties, {wrong} different; "
          f"[CLS] and [SEP] around a text: {ends}")
    return wrong == 0 and ends


def check_tensorboard(root):
    events = EventAccumulator(str(root / "run/tensorboard"))
    events.Reload()
    lines = [json.loads(line) for line in open(root / "run/metrics.jsonl", encoding="utf8")]
    wanted = {line["step"]: line["loss"] for line in lines if line["kind"] == "train"}
    shown = {event.step: event.value for event in events.Scalars("train/loss")}
    close = shown.keys() == wanted.keys() and all(abs(shown[s] - wanted[s]) < 1e-5 for s in wanted)
    held_out = [line for line in lines if line["kind"] == "eval"]
    evaluated = len(events.Scalars("eval/general/loss")) == len(held_out) > 0
    print(f"tensorboard: {len(shown)} training losses equal metrics.jsonl: {close}; evaluations: {evaluated}")
    return close and evaluated


def main(rexbert, hf_logits):
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        folder = train(rexbert, root)
        results = [check_logits(hf_logits, folder, root), check_ids(rexbert, folder, root),
                   check_tensorboard(root)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
