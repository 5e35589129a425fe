"""A few tensors of the random weights, computed a second time -> internal/randomweights/testdata/weights.json

python weights.py   (torch 2.6)

Their bits are to be the same on all machines: integers of a generator, times one float32, rounded to the element type.
"""
import hashlib
import json
import math

import torch

import models

OUT = models.ROOT / "internal/randomweights/testdata/weights.json"
M64, M128 = (1 << 64) - 1, (1 << 128) - 1
TABLE = 1 << 12
NORMAL_STD, ONE = 37837.227, 1 << 23
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def fnv(name):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = (h ^ b) * 0x100000001B3 & M64
    return h


def pcg(high, low):
    """PCG with the output DXSM, which math/rand/v2 calls PCG."""
    state = high << 64 | low
    while True:
        state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + 0x5851F42D4C957F2D14057B7EF767814F) & M128
        x, low = state >> 64, state & M64
        x = (x ^ x >> 32) * 0xDA942042E4DD58B5 & M64
        yield (x ^ x >> 48) * (low | 1) & M64


def weights(name, dtype, shape, kind, factor):
    """The elements, as bytes. A table of 4096 samples; each draw of 64 bits chooses four."""
    random, n = pcg(fnv(name), 1), math.prod(shape)
    draws = [next(random) for _ in range(TABLE)]
    if kind == "uniform":
        integers, scale = [ONE // 2 + (d >> 41) for d in draws], factor / ONE
    else:
        integers = [sum(d >> s & 0xFFFF for s in (0, 16, 32, 48)) - 2 * 0xFFFF for d in draws]
        scale = factor / NORMAL_STD / (math.sqrt(math.prod(shape[1:])) if kind == "layer" else 1)
    table = (torch.tensor(integers, dtype=torch.float32) * torch.tensor(scale, dtype=torch.float32)).to(TYPES[dtype])
    draws = [next(random) for _ in range((n + 3) // 4)]
    chosen = torch.tensor([(draws[i // 4] >> 16 * (i % 4)) % TABLE for i in range(n)])
    return table[chosen].contiguous().view(torch.uint8).numpy().tobytes()


CASES = [  # the distribution is that of the first rule that fits
    ("face_clip_l.proj1.weight", "f32", [24, 20], "layer", 3),
    ("encoder_2.t5_encoder.embed_tokens.weight", "bf16", [33, 64], "spread", 0.003),
    ("conv_norm_out.weight", "bf16", [18], "uniform", 1),
    ("face_encoder.feature.1.running_var", "f32", [7], "uniform", 0.0004),
    ("decoder.mid_block.resnets.0.conv1.weight", "f16", [32, 32, 3, 3], "layer", 0.002),
    ("x_embedder.weight", "bf16", [300, 64], "layer", 1),
    ("x_embedder.bias", "f32", [1], "spread", 0.3),
]


def main():
    cases = [
        {"name": c[0], "type": c[1], "shape": c[2], "sha256": hashlib.sha256(weights(*c)).hexdigest()} for c in CASES]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("[" + ",\n".join(json.dumps(c) for c in cases) + "]\n")


if __name__ == "__main__":
    main()
