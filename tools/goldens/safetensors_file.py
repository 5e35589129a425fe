"""A file of every element type -> internal/safetensors/testdata/reference.safetensors

python safetensors_file.py   (safetensors 0.8.0, torch 2.6)
"""
import pathlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).parents[2] / "internal/safetensors/testdata/reference.safetensors"


def main():
    tensors = {
        "f32": torch.tensor([[1.5, -2, 3], [0, 0.1, torch.inf]]), "scalar": torch.tensor(7),
        "bf16": torch.tensor([1, 2.5, -3], dtype=torch.bfloat16), "f16": torch.tensor([[1, 2.5, -3]], dtype=torch.float16),
        "u8": torch.tensor([1, 2, 255], dtype=torch.uint8), "i8": torch.tensor([-1, 2, -128], dtype=torch.int8),
        "i32": torch.tensor([1 << 30, -5], dtype=torch.int32), "e4m3": torch.tensor([1.5, -0.125, 448]).to(torch.float8_e4m3fn), "e5m2": torch.tensor([1.5, -28672]).to(torch.float8_e5m2),
        "b<&>é": torch.zeros(2, 0, 3),
    }
    save_file(tensors, OUT, metadata={"made by": "safetensors"})


if __name__ == "__main__":
    main()
