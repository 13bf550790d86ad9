"""Holds `rexbert embed` and `rexbert fill-mask` to transformers: small random ModernBERT folders with tokenizers of
either kind, texts of 1 to 2,000 tokens, each pooling, cut and norm. Vectors must be within 1e-4 of what transformers
gives text by text and padded; of fill-mask, probabilities, and tokens where they are told apart by more.

usage: check_embed.py REXBERT
"""
import itertools
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import check_byte_level
import numpy
import torch
from safetensors.numpy import load_file
from tokenizers import normalizers, pre_tokenizers
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, ModernBertConfig, ModernBertForMaskedLM
from transformers import PreTrainedTokenizerFast

# f32 against f32: sums of up to 2,000 states in another order.
TOLERANCE = 1e-4
CONTEXT = 512
PADDED = 4  # texts in a batch
HIDDEN = 64
TARGETS = (1, 2, 3, 10, 17, 63, 64, 65, 66, 130, 300, 509, 510, 511, 512, 700, 1300, 2000)
SPECIAL_TEXTS = ("", " ", "naïve café 日本語 — “quoted”", "3.5mm\ttab", "  spaces  between  ", "👩‍👩‍👧 emoji")
MASKED_TEXTS = ("A pair of running [MASK]", "[MASK]", "[MASK] of the shop.", "The [MASK], the [MASK] and the [MASK].",
                "price[MASK]%", "two  [MASK]  three", "[MASK] [MASK][MASK]", "\n[MASK]\nline", "size ([MASK]) 7")
TOP = 7


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def add_model(folder, vocabulary, seed):
    """A random model beside the tokenizer that lies in `folder`."""
    torch.manual_seed(seed)
    config = ModernBertConfig(
        vocab_size=vocabulary, hidden_size=HIDDEN, intermediate_size=96, num_hidden_layers=5, num_attention_heads=4,
        local_attention=32, max_position_embeddings=CONTEXT, pad_token_id=0, cls_token_id=2, sep_token_id=3,
        bos_token_id=2, eos_token_id=3, initializer_range=0.1)
    model = ModernBertForMaskedLM(config)
    with torch.no_grad():
        model.decoder.bias.normal_(std=0.5)
    model.save_pretrained(folder)


def make_folders(rexbert, root):
    """By name: folders with tokenizers of ours, and one with ModernBERT's kind."""
    run(rexbert, "corpus", "sample", "--output", root / "text", "--general", 200, "--long", 1, "--products", 200)
    for name, options in (("unigram", ()), ("bpe", ("--model", "bpe")), ("no_prefix", ("--no-dummy-prefix",)),
                          ("trimmed", ("--remove-extra-whitespaces",)), ("nfkc", ("--normalization", "nfkc"))):
        run(rexbert, "tokenizer", "train", "--input", root / "text", "--output", root / name, "--vocabulary-size", 1024,
            *options)
        add_model(root / name, 1024, len(name))
        yield root / name
    with open(root / "text/general.jsonl", encoding="utf8") as file:
        lines = [json.loads(line)["text"] for line in file]
    check_byte_level.VOCABULARY = 1000
    added = [check_byte_level.special(token, lstrip=token == "[MASK]") for token in check_byte_level.ROLES.values()]
    tokenizer = check_byte_level.train(lines, normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=False), added)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"],
                            **check_byte_level.ROLES).save_pretrained(root / "byte_level")
    add_model(root / "byte_level", 1024 + 64, 1)  # more rows than tokens
    yield root / "byte_level"


def make_texts(root, tokenizer, rng):
    """Texts of about so many tokens, and odd ones."""
    with open(root / "text/general.jsonl", encoding="utf8") as file:
        words = [word for line in file for word in json.loads(line)["text"].split()]
    texts = list(SPECIAL_TEXTS)
    for target in TARGETS:
        begin = rng.randrange(len(words) - target)
        text = " ".join(words[begin:begin + target])
        while len(tokenizer(text)["input_ids"]) > max(target, 3) and " " in text:
            text = text.rsplit(" ", 1)[0]
        texts.append(text)
    rng.shuffle(texts)
    return texts


def pooled(states, mask, pooling):
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def vectors_of(model, tokenizer, texts, context):
    """By pooling: one text at a time, and in batches, each padded to its longest text."""
    found = {"cls": [], "mean": []}
    for size in (1, PADDED):
        rows = {pooling: [] for pooling in found}
        for begin in range(0, len(texts), size):
            batch = tokenizer(texts[begin:begin + size], truncation=True, max_length=context, padding=True,
                              return_tensors="pt")
            with torch.no_grad():
                states = model(**batch).last_hidden_state
            for pooling in found:
                rows[pooling].append(pooled(states, batch["attention_mask"], pooling))
        for pooling in found:
            found[pooling].append(torch.cat(rows[pooling]))
    return found


def finished(vectors, dimensions, normalize):
    """As sentence-transformers with truncate_dim and normalize_embeddings."""
    cut = vectors[:, :dimensions]
    return torch.nn.functional.normalize(cut, dim=-1) if normalize else cut


def check_vectors(rexbert, folder, root, tokenizer, contexts, cuts):
    """Every pooling in every one of `contexts`, each with every one of `cuts`: dimensions, and whether to normalize."""
    model = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()
    texts = make_texts(root, tokenizer, random.Random(5))
    lines = root / "texts.jsonl"
    lines.write_text("".join(json.dumps({"title": text}) + "\n" for text in texts), encoding="utf8")
    worst = 0.0
    for context in contexts:
        references = vectors_of(model, tokenizer, texts, context or CONTEXT)
        for pooling, (dimensions, normalize) in itertools.product(references, cuts):
            words = [rexbert, "embed", lines, "--text-field", "title", "--checkpoint", folder, "--pooling", pooling,
                     "--dimensions", dimensions, "--precision", "f32", "--output", root / "vectors.npy"]
            words += ["--context", context] if context else []
            run(*words, *(["--normalize"] if normalize else []))
            ours = torch.from_numpy(numpy.load(root / "vectors.npy"))
            for reference in references[pooling]:
                worst = max(worst, (ours - finished(reference, dimensions, normalize)).abs().max().item())
    print(f"{folder.name}: {len(texts)} texts, vectors differ by {worst:.1e}", flush=True)
    return worst <= TOLERANCE


def check_formats(rexbert, folder, root):
    """The same numbers in all three, from a file and from standard input."""
    lines = (root / "texts.jsonl").read_text(encoding="utf8")
    for end in ("npy", "safetensors", "jsonl"):
        run(rexbert, "embed", "-", "--format", "jsonl", "--text-field", "title", "--checkpoint", folder, "--batch-tokens",
            700, "--output", root / f"formats.{end}", input=lines)
    first = numpy.load(root / "formats.npy")
    second = load_file(root / "formats.safetensors")["embeddings"]
    with open(root / "formats.jsonl", encoding="utf8") as file:
        third = numpy.array([json.loads(line)["embedding"] for line in file], dtype=numpy.float32)
    same = len(first) == lines.count("\n") and (first == second).all() and (first == third).all()
    print(f"{folder.name}: formats {'agree' if same else 'DIFFER'}", flush=True)
    return same


def check_masks(rexbert, folder, tokenizer):
    model = AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="sdpa").eval()
    worst, wrong = 0.0, []
    for text in MASKED_TEXTS:
        words = [rexbert, "fill-mask", text, "--checkpoint", folder, "--top", TOP, "--precision", "f32", "--json"]
        ours = json.loads(run(*words))["masks"]
        batch = tokenizer(text, return_tensors="pt")
        places = (batch["input_ids"][0] == tokenizer.mask_token_id).nonzero()[:, 0]
        with torch.no_grad():
            logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[0, places]
        probabilities = logits.softmax(-1)[:, :len(tokenizer)]
        if len(ours) != len(places):
            wrong.append(f"{text!r}: expected {len(places)} masks, got {len(ours)}")
            continue
        for candidates, row in zip(ours, probabilities):
            values, ids = row.topk(TOP)
            for candidate, value, token in zip(candidates, values.tolist(), ids.tolist()):
                worst = max(worst, abs(candidate["probability"] - value))
                close = abs(row[candidate["id"]].item() - value) < 1e-6
                if candidate["id"] != token and not close:
                    wrong.append(f"{text!r}: expected token {token}, got {candidate['id']}")
    for problem in wrong:
        print(f"  {problem}")
    print(f"{folder.name}: {len(MASKED_TEXTS)} texts with masks, probabilities differ by {worst:.1e}", flush=True)
    return worst <= TOLERANCE and not wrong


def main(rexbert):
    good = True
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        # What follows the tokenizer does not depend on it: once with all options.
        contexts, cuts = (None, 2048, 16), list(itertools.product((HIDDEN, 24, 1), (False, True)))
        for folder in make_folders(rexbert, root):
            tokenizer = AutoTokenizer.from_pretrained(folder)
            good &= check_vectors(rexbert, folder, root, tokenizer, contexts, cuts)
            contexts, cuts = (2048,), [(HIDDEN, False)]
            good &= check_formats(rexbert, folder, root)
            good &= check_masks(rexbert, folder, tokenizer)
            shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
