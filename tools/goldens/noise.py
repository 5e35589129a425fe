"""Values of torch.randn with a seeded CPU generator -> sampler/testdata/noise.json and, with another torch, noise-2.15.json

python noise.py   (torch 2.6, and once more with 2.15)
"""
import json
import pathlib
import zlib

import torch

OUT = pathlib.Path(__file__).parents[2] / "sampler/testdata"
VERSION = ".".join(torch.__version__.split(".")[:2])
SEEDS = [0, 1, 5489, 453563, 2**31, 2**32 - 1, 2**32 + 7, 2**63 - 1, -1, -(2**31) - 5,
         -(2**63), 2**63, 2**63 + 453563, 2**64 - 1]
SIZES = [1, 2, 3, 15, 16, 17, 31, 32, 33, 100]  # below 16 another algorithm; otherwise whole blocks of 16 or not
LATENTS = [(453563, 4 * 144 * 108), (7, 4 * 128 * 128), (453563, 16 * 144 * 108), (3, 16 * 13 * 11 + 5)]
PIECE = 1024  # numbers that have a sum of their own
AGAIN = [16, 17, 16, 40, 6, 33]  # drawn one after another, by one generator


def draw(seed, n, dtype):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def main():
    small = [
        {"seed": seed, "dtype": name, "values": draw(seed, n, dtype).tolist()}
        for name, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32))
        for seed in SEEDS
        for n in (SIZES if seed in (0, 453563) else [5, 16, 19])
    ]
    large = []
    for seed, n in LATENTS:
        pieces = draw(seed, n, torch.bfloat16).view(torch.int16).split(PIECE)
        sums = [zlib.crc32(p.numpy().astype("<i2").tobytes()) for p in pieces]
        large.append({"seed": seed, "n": n, "piece": PIECE, "crc32": sums})
    f32 = [
        {"seed": seed, "n": n, "sum": x.sum().item(), "squares": (x * x).sum().item(), "last": x[-16:].tolist()}
        for seed, n in LATENTS
        for x in [draw(seed, n, torch.float32).double()]
    ]
    generator = torch.Generator().manual_seed(11)
    again = [torch.randn(n, generator=generator, dtype=torch.bfloat16).tolist() for n in AGAIN]
    cases = {"torch": torch.__version__, "small": small, "bf16": large, "f32": f32, "again": again}
    name = "noise.json" if VERSION == "2.6" else f"noise-{VERSION}.json"
    (OUT / name).write_text(json.dumps(cases, separators=(",", ":")).replace('{"seed"', '\n{"seed"') + "\n")


if __name__ == "__main__":
    main()
