"""Grows small models of transformers by tiling, and compares every tensor, bit for bit, with what numpy makes of the
description of the same: ModernBERT-large's beginning (Warner et al. 2024, appendix A.2), centre tiling with wrap-around
after Phi, and layers spread out as Gopher's; heads and periods of the attention pattern are kept whole.

usage: check_tiling.py HF_TILE
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from check_import import make_model
from safetensors.numpy import load_file
from transformers import AutoModelForMaskedLM, ModernBertConfig, ModernBertForMaskedLM

# Of the smaller and the larger model: layers, heads, intermediate size, global_attn_every_n_layers. Heads are 8 wide.
PAIRS = (
    ((4, 2, 24), (5, 4, 40), 3),     # heads differ by an even number, as those of all presets do
    ((4, 2, 24), (7, 3, 25), 3),     # by an odd one
    ((22, 1, 3), (28, 3, 8), 3),     # the layers of base and large
    ((3, 3, 10), (10, 3, 10), 2),    # deeper alone, more than three times
    ((2, 1, 5), (2, 5, 17), 1),      # wider alone, by more than a copy to each side
    ((1, 2, 16), (3, 2, 16), 3),     # all from a layer without attn_norm
    ((3, 2, 16), (3, 2, 16), 3),     # a copy
)
HEAD = 8


def spread(x, axis, larger):
    """x in the middle of `larger` places along an axis, its ends joined."""
    first = -((larger - x.shape[axis]) // 2)
    return np.take(x, range(first, first + larger), axis=axis, mode="wrap")


def spread_heads(x, axis, heads):
    """The same of the heads that lie along an axis, each as a whole."""
    shape = x.shape
    split = x.reshape(*shape[:axis], -1, HEAD, *shape[axis + 1:])
    return spread(split, axis, heads).reshape(*shape[:axis], heads * HEAD, *shape[axis + 1:])


def tiled(name, x, layers, heads, intermediate):
    width = heads * HEAD
    if name == "decoder.bias":
        return x
    if name.endswith("Wqkv.weight"):
        return np.concatenate([spread_heads(spread(part, 1, width), 0, heads) for part in np.split(x, 3)])
    if name.endswith("attn.Wo.weight"):
        return spread_heads(spread(x, 0, width), 1, heads)
    if name.endswith("Wi.weight"):
        return np.concatenate([spread(spread(half, 1, width), 0, intermediate) for half in np.split(x, 2)])
    if name.endswith("mlp.Wo.weight"):
        return spread(spread(x, 0, width), 1, intermediate)
    if name.endswith("tok_embeddings.weight") or name == "decoder.weight":
        return spread(x, 1, width)
    for axis in range(x.ndim):  # norms and the head's dense map
        x = spread(x, axis, width)
    return x


def source_of(layer, smaller, larger, every):
    """The layer of the same place in the period that round(), of Python, finds, or in the last one that has it."""
    small = [range(smaller)[first:first + every] for first in range(0, smaller, every)]
    large = len(range(0, larger, every))
    period, place = divmod(layer, every)
    nearest = min(round(period * len(small) / large), len(small) - 1)
    having = [layers[place] for layers in small[:nearest + 1] if place < len(layers)]
    return having[-1] if having else smaller - 1


def expected_weights(smaller, names, pair):
    (layers, _, _), (more_layers, heads, intermediate), every = pair
    for name in names:
        words = name.split(".")
        if words[1] == "layers":
            words[2] = str(source_of(int(words[2]), layers, more_layers, every))
        source = ".".join(words)
        if source in smaller:
            yield name, tiled(name, smaller[source], more_layers, heads, intermediate)
        else:
            yield name, np.ones(heads * HEAD, np.float32)


def shape_options(shape, every):
    layers, heads, intermediate = shape
    return {"num_hidden_layers": layers, "num_attention_heads": heads, "hidden_size": heads * HEAD,
            "intermediate_size": intermediate, "global_attn_every_n_layers": every}


def check(hf_tile, root, pair, tied):
    small_shape, large_shape, every = pair
    smaller, larger = root / "smaller", root / "larger"
    model = make_model(ModernBertForMaskedLM, torch.float32, tie_word_embeddings=tied, **shape_options(small_shape, every))
    model.save_pretrained(smaller)
    config = ModernBertConfig.from_pretrained(smaller)
    config.update(shape_options(large_shape, every))
    config.save_pretrained(larger)
    done = subprocess.run([hf_tile, smaller, larger], capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    ours = load_file(larger / "model.safetensors")
    for name, wanted in expected_weights(load_file(smaller / "model.safetensors"), ours, pair):
        if wanted.shape != ours[name].shape or wanted.tobytes() != ours[name].tobytes():
            return f"{name} differs"
    _, loading = AutoModelForMaskedLM.from_pretrained(larger, output_loading_info=True)
    left = {key: names for key, names in loading.items() if names}
    return f"transformers says {left}" if left else None


def main(hf_tile):
    failed = 0
    for pair in PAIRS:
        for tied in (True, False):
            with tempfile.TemporaryDirectory() as directory:
                problem = check(hf_tile, pathlib.Path(directory), pair, tied)
            if problem:
                failed += 1
                print(f"{pair} tied={tied}: {problem}", flush=True)
    print(f"{2 * len(PAIRS)} pairs, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
