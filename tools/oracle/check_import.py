"""Makes small ModernBERT folders with transformers, in every way its config.json and files may be for our encoder, imports
and exports them, and compares: the same weights bit for bit, and logits within 1e-5. What our encoder does not
have is refused by name.

usage: check_import.py REXBERT HF_LOGITS
"""
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from check_checkpoint import LENGTHS, LOGIT_TOLERANCE
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, ModernBertConfig, ModernBertForMaskedLM, ModernBertForSequenceClassification, ModernBertModel

BASE = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 2,
        "max_position_embeddings": 512, "pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2,
        "eos_token_id": 3}
SHAPES = (
    {},
    {"global_attn_every_n_layers": 1, "norm_eps": 1e-6},
    {"global_attn_every_n_layers": 2, "local_attention": 16, "local_rope_theta": None},
    {"local_attention": 32, "global_rope_theta": 10_000.0, "local_rope_theta": 20_000.0, "num_hidden_layers": 5},
)
REFUSED = (("attention_bias", True), ("mlp_bias", True), ("norm_bias", True), ("decoder_bias", False),
           ("hidden_activation", "silu"), ("classifier_activation", "relu"), ("classifier_bias", True),
           ("model_type", "bert"), ("rope_scaling", {"rope_type": "linear", "factor": 2.0}))


def make_model(kind, dtype, **options):
    torch.manual_seed(1)
    model = kind(ModernBertConfig(**(BASE | options))).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) / 10)
    return model.eval()


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def weights_of(folder):
    tensors = {}
    for file in folder.glob("*.safetensors"):
        tensors.update(load_file(file))
    return tensors


def same_bits(wanted, got):
    return wanted.keys() == got.keys() and all(
        a.dtype == got[name].dtype and torch.equal(a, got[name]) for name, a in wanted.items())


def largest_difference(hf_logits, folder, model, root):
    done = run(hf_logits, folder, root / "logits.safetensors", *LENGTHS)
    if done.returncode:
        raise RuntimeError(done.stderr)
    ours = load_file(root / "logits.safetensors")
    largest = 0.0
    for begin, end in zip(ours["offsets_S1"][:-1], ours["offsets_S1"][1:]):
        with torch.no_grad():
            theirs = model(input_ids=ours["tokens_T"][begin:end].long()[None]).logits[0]
        largest = max(largest, (theirs - ours["logits_TV"][begin:end]).abs().max().item())
    return largest


def as_transformers_5(config):
    """config.json as transformers 5 writes it."""
    layers, every = config["num_hidden_layers"], config.pop("global_attn_every_n_layers")
    config["layer_types"] = ["sliding_attention" if i % every else "full_attention" for i in range(layers)]
    local, theta = config.pop("local_rope_theta"), config.pop("global_rope_theta")
    config["rope_parameters"] = {
        "full_attention": {"rope_type": "default", "rope_theta": theta},
        "sliding_attention": {"rope_type": "default", "rope_theta": theta if local is None else local}}


def check_round_trip(rexbert, hf_logits, root, shape, tied, dtype, sharded, version):
    model = make_model(ModernBertForMaskedLM, dtype, tie_word_embeddings=tied, **shape)
    folder, ours, back = root / "theirs", root / "ours", root / "back"
    model.save_pretrained(folder, max_shard_size="10KB" if sharded else "5GB")
    if version == 5:
        config = json.loads((folder / "config.json").read_text())
        as_transformers_5(config)
        (folder / "config.json").write_text(json.dumps(config))
    name = "bf16" if dtype == torch.bfloat16 else "f32"
    for words in ((rexbert, "import", "--from", folder, "--to", ours),
                  (rexbert, "export", "--checkpoint", ours, "--to", back, "--dtype", name)):
        done = run(*words)
        if done.returncode:
            return f"{words[1]}: {done.stderr}"
    if sharded and not (folder / "model.safetensors.index.json").exists():
        return "expected shards"
    if not same_bits(weights_of(folder), weights_of(back)):
        return "other weights"
    reference = make_model(ModernBertForMaskedLM, dtype, tie_word_embeddings=tied, **shape).float()
    difference = largest_difference(hf_logits, ours, reference, root)
    reloaded = AutoModelForMaskedLM.from_pretrained(back, dtype=torch.float32, attn_implementation="eager").eval()
    difference = max(difference, largest_difference(hf_logits, ours, reloaded, root))
    return None if difference <= LOGIT_TOLERANCE else f"logits differ by {difference:.1e}"


def check_encoder_only(rexbert, hf_logits, root, kind):
    """Folders without an MLM head: names without "model.", or with a head for another task."""
    model = make_model(kind, torch.float32)
    model.save_pretrained(root / "theirs")
    done = run(rexbert, "import", "--from", root / "theirs", "--to", root / "ours")
    if done.returncode:
        return done.stderr
    encoder = model if kind is ModernBertModel else model.model
    ours = weights_of(root / "ours")
    wanted = {f"model.{name}": tensor for name, tensor in encoder.state_dict().items()}
    if not same_bits(wanted, {name: ours[name] for name in wanted}):
        return "other weights"
    return None if "decoder.bias" in done.stdout else f"expected decoder.bias to be begun anew, got\n{done.stdout}"


def check_refused(rexbert, root, key, value):
    make_model(ModernBertForMaskedLM, torch.float32).save_pretrained(root / "theirs")
    config = json.loads((root / "theirs/config.json").read_text())
    config[key] = value
    (root / "theirs/config.json").write_text(json.dumps(config))
    done = run(rexbert, "import", "--from", root / "theirs", "--to", root / "ours")
    named = f"config.json: {key}: expected" in done.stderr
    return None if done.returncode and named else f"expected {key} to be refused, got {done.stderr or 'success'}"


def main(rexbert, hf_logits):
    cases = [(f"{shape} tied={tied} {dtype} sharded={sharded} v{version}", check_round_trip,
              (rexbert, hf_logits), (shape, tied, dtype, sharded, version))
             for shape, tied, dtype, sharded, version in itertools.product(
                 SHAPES, (True, False), (torch.float32, torch.bfloat16), (False, True), (4, 5))]
    cases += [(kind.__name__, check_encoder_only, (rexbert, hf_logits), (kind,))
              for kind in (ModernBertModel, ModernBertForSequenceClassification)]
    cases += [(f"{key}={value}", check_refused, (rexbert,), (key, value)) for key, value in REFUSED]
    failed = 0
    for name, check, before, behind in cases:
        with tempfile.TemporaryDirectory() as directory:
            problem = check(*before, pathlib.Path(directory), *behind)
        if problem:
            failed += 1
            print(f"{name}: {problem}", flush=True)
    print(f"{len(cases)} folders, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
