#!/usr/bin/env python3
"""Times training steps of transformers' ModernBertForMaskedLM on a GPU, to be run in turn with
`rexbert bench train --device cuda`: forward, backward and AdamW on full sequences of random tokens, so
that there is no padding; weights in float32, activations in bfloat16 by autocast; no dropout. Prints one
line of JSON with the median over the timed steps.

    .deps/oracle/bin/python tools/oracle/time_gpu_peer.py --sequences 16 --context 1024 --compile
"""

import argparse
import json
import statistics
import time

import torch
from transformers import ModernBertConfig, ModernBertForMaskedLM

# Layers, hidden, intermediate, heads: configs/presets.
PRESETS = {"micro": (7, 256, 384, 4), "small": (10, 384, 576, 6), "mini": (19, 512, 768, 8),
           "base": (22, 768, 1152, 12), "large": (28, 1024, 2624, 16)}
VOCABULARY = 50368
WARMUP_STEPS = 5  # compilation and the choice of algorithms


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="base")
    parser.add_argument("--sequences", type=int, default=16)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--attention", choices=("sdpa", "flash_attention_2"), default="sdpa",
                        help="flash_attention_2 needs the package flash-attn")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def make_model(arguments):
    layers, hidden, intermediate, heads = PRESETS[arguments.preset]
    config = ModernBertConfig(
        vocab_size=VOCABULARY, hidden_size=hidden, intermediate_size=intermediate,
        num_hidden_layers=layers, num_attention_heads=heads, attention_dropout=0.0,
        sparse_prediction=True, reference_compile=False, attn_implementation=arguments.attention)
    return ModernBertForMaskedLM(config).cuda().train()


def main():
    arguments = parse_arguments()
    torch.manual_seed(0)
    model = make_model(arguments)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-6, fused=True)
    forward = torch.compile(model) if arguments.compile else model
    shape = (arguments.sequences, arguments.context)
    seconds = []
    for step in range(WARMUP_STEPS + arguments.steps):
        tokens = torch.randint(5, VOCABULARY, shape)
        labels = torch.where(torch.rand(shape) < 0.3, tokens, -100)
        torch.cuda.synchronize()
        start = time.perf_counter()
        tokens, labels = tokens.cuda(), labels.cuda()
        with torch.autocast("cuda", torch.bfloat16):
            loss = forward(input_ids=tokens, attention_mask=torch.ones_like(tokens), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        last_loss = loss.item()
        torch.cuda.synchronize()
        if step >= WARMUP_STEPS:
            seconds.append(time.perf_counter() - start)
    tokens_a_step = arguments.sequences * arguments.context
    print(json.dumps({"preset": arguments.preset, "sequences": arguments.sequences,
                      "context_length": arguments.context, "attention": arguments.attention,
                      "compile": arguments.compile, "gpu": torch.cuda.get_device_name(),
                      "tokens_per_second": tokens_a_step / statistics.median(seconds),
                      "slowest_tokens_per_second": tokens_a_step / max(seconds),
                      "fastest_tokens_per_second": tokens_a_step / min(seconds),
                      "steps": arguments.steps, "loss": last_loss,
                      "peak_memory_gib": torch.cuda.max_memory_allocated() / 2**30}))


if __name__ == "__main__":
    main()
