"""A parity case: a random ModernBertForMaskedLM, one packed batch, and what transformers and
torch-optimi make of them in float64. Written as one safetensors file that tests/nn reads.

The weights are not stored: both sides draw them. Parameter number a (in the order of the sorted
names) takes words from Philox4x32-10 as rexbert::KeyedRng(seed, Purpose::kTest, a) numbers them: word
i is block(i / 4)[i % 4]. With u = word / 2^32 a value is center + spread * (2 u - 1): norms 1 and 0.3,
the decoder's bias 0 and 0.5, the embedding 0 and 0.1, other matrices 0 and 1.5 / sqrt(columns), which
makes attention sharp and every norm's weight matter.
"""

import json

import numpy
import torch
from optimi import StableAdamW
from safetensors.torch import save_file
from transformers import ModernBertConfig, ModernBertForMaskedLM

PURPOSE_TEST = 11
LEARNING_RATE, MAX_LEARNING_RATE, WEIGHT_DECAY = 1e-3, 2e-3, 0.1
STEPS = 10


def philox(counter, key):
    """counter: four uint64 arrays of 32-bit words; key: two ints. Returns four arrays."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    low = numpy.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0 = c0 * numpy.uint64(0xD2511F53)
        p1 = c2 * numpy.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = ((p1 >> numpy.uint64(32)) ^ c1 ^ numpy.uint64(k0), p1 & low,
                          (p0 >> numpy.uint64(32)) ^ c3 ^ numpy.uint64(k1), p0 & low)
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniforms(seed, stream, count):
    """count numbers in [0, 1) of KeyedRng(seed, Purpose::kTest, stream)."""
    word = lambda value: numpy.array([value & 0xFFFFFFFF], dtype=numpy.uint64)
    key = philox((word(stream), word(stream >> 32), word(PURPOSE_TEST), word(0x52657842)),
                 (seed & 0xFFFFFFFF, seed >> 32))
    blocks = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    zeros = numpy.zeros_like(blocks)
    words = philox((blocks, zeros, zeros, zeros), (int(key[0][0]), int(key[1][0])))
    return numpy.stack(words, axis=1).reshape(-1)[:count] / 2.0**32


def draw_weights(model, seed):
    for stream, (name, parameter) in enumerate(sorted(model.named_parameters())):
        center, spread = 0.0, 1.5 / parameter.shape[-1] ** 0.5
        if name.endswith("norm.weight"):
            center, spread = 1.0, 0.3
        elif name.endswith("bias"):
            spread = 0.5
        elif name.endswith("tok_embeddings.weight"):
            spread = 0.1
        values = center + spread * (2 * uniforms(seed, stream, parameter.numel()) - 1)
        values = torch.from_numpy(values.astype(numpy.float32)).reshape(parameter.shape)
        parameter.data.copy_(values)


def make_model(shape):
    config = ModernBertConfig(
        vocab_size=shape["vocabulary"], hidden_size=shape["hidden"],
        intermediate_size=shape["intermediate"], num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"], global_rope_theta=shape["theta_global"],
        local_rope_theta=shape["theta_local"], pad_token_id=None, attention_dropout=0.0,
        attn_implementation="sdpa", reference_compile=False)
    model = ModernBertForMaskedLM(config).double()
    draw_weights(model, shape["seed"])
    return model.train()


def packed_logits(model, tokens, offsets):
    parts = [model(input_ids=tokens[begin:end].unsqueeze(0).long()).logits[0]
             for begin, end in zip(offsets[:-1], offsets[1:])]
    return torch.cat(parts)


def packed_loss(model, case):
    logits = packed_logits(model, case["tokens"], case["offsets"].tolist())
    return logits, torch.nn.functional.cross_entropy(logits[case["masked"].long()],
                                                     case["targets"].long())


def draw_batch(shape, lengths):
    generator = torch.Generator().manual_seed(shape["seed"])
    tokens = sum(lengths)
    draw = lambda: torch.randint(0, shape["vocabulary"], (tokens,), generator=generator)
    masked = torch.nonzero(torch.rand(tokens, generator=generator) < 0.3)[:, 0]
    return {
        "tokens": draw().to(torch.int32),
        "offsets": torch.tensor([0] + numpy.cumsum(lengths).tolist(), dtype=torch.int32),
        "masked": masked.to(torch.int32),
        "targets": draw()[masked].to(torch.int32),
    }


def boundary_tokens(offsets, count):
    """The first and last tokens of every sequence, and evenly spaced ones."""
    edges = {t for o in offsets.tolist() for t in (o - 1, o)}
    total = int(offsets[-1])
    chosen = sorted(t for t in edges if 0 <= t < total)
    spread = [i * total // count for i in range(count)]
    return torch.tensor(sorted(set(chosen) | set(spread)), dtype=torch.int32)


def write_case(path, shape, lengths, logit_tokens):
    """shape: the encoder's numbers, both thetas and the seed. Returns the file's path."""
    case = draw_batch(shape, lengths)
    case["logit_tokens"] = boundary_tokens(case["offsets"], logit_tokens)
    model = make_model(shape)
    logits, loss = packed_loss(model, case)
    loss.backward()
    case["logits"] = logits[case["logit_tokens"].long()].detach().float()
    for name, parameter in model.named_parameters():
        case["gradient." + name] = parameter.grad.float()
    model.zero_grad()

    decayed = lambda name: not name.endswith("norm.weight") and not name.endswith("bias")
    groups = [{"params": [p for n, p in model.named_parameters() if decayed(n) == decay],
               "weight_decay": WEIGHT_DECAY if decay else 0.0} for decay in (True, False)]
    optimizer = StableAdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98), eps=1e-6, decouple_lr=True,
                            max_lr=MAX_LEARNING_RATE, triton=False)
    losses = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (step + 1) / STEPS
        _, loss = packed_loss(model, case)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    case["step_losses"] = torch.tensor(losses, dtype=torch.float64)
    shape = dict(shape, learning_rate=LEARNING_RATE, max_learning_rate=MAX_LEARNING_RATE,
                 weight_decay=WEIGHT_DECAY)
    save_file(case, path, metadata={"shape": json.dumps(shape, sort_keys=True)})
    return path
