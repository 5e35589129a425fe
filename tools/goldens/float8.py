"""What torch makes of every code of eight-bit floating-point numbers -> tensor/testdata/float8.json

python float8.py   (torch 2.6)

A list of 256 numbers for each type; a NaN is null, an infinity the text "inf" or "-inf".
"""
import json
import math
import pathlib

import torch

OUT = pathlib.Path(__file__).parents[2] / "tensor/testdata/float8.json"


def shown(value):
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def main():
    codes = torch.arange(256, dtype=torch.uint8)
    types = {"f8_e4m3": torch.float8_e4m3fn, "f8_e5m2": torch.float8_e5m2}
    out = {name: [shown(v) for v in codes.view(dtype).to(torch.float64).tolist()] for name, dtype in types.items()}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
