"""Writes the trained miniature as a model folder in F16, with the names and the layout of the published one.

python export.py OUT_DIR [--seed 1] [--cache DIR]     also a checkpoint of unfinished training
"""
import pathlib
import shutil

import torch

import joint
import sizes
from sizes import make_sdxl

DIFFUSERS = "diffusion_pytorch_model.safetensors"
WEIGHTS = {"face_clip_encoder": "model.safetensors", "unet": DIFFUSERS, "vae": DIFFUSERS}


def write(options, model, folder):
    """model is what joint.load returns. The file that says that a folder is complete comes last."""
    folder = pathlib.Path(folder)
    parts = {
        "face_clip_encoder": (sizes.encoder_config(len(model.vocab.ids)), model.encoder),
        "unet": (sizes.unet_config(), model.net.state_dict()), "vae": (sizes.vae_config(), model.vae.state_dict()),
    }
    for name, (config, tensors) in parts.items():
        make_sdxl.checkpoint.save_json(folder / name / "config.json", config)
        make_sdxl.checkpoint.save(folder / name, WEIGHTS[name], {k: v.cpu() for k, v in tensors.items()}, torch.float16)
    shutil.copytree(options.cache / "tokenizer", folder / "tokenizer", dirs_exist_ok=True)
    make_sdxl.checkpoint.save_json(folder / "scheduler" / "scheduler_config.json", make_sdxl.SCHEDULER)
    make_sdxl.checkpoint.save_json(folder / "model_index.json", make_sdxl.MODEL_INDEX)
    return parts


def may_be_int8(part, key, tensor):
    """Matrices of the towers' blocks and of the U-Net. Everything else stays as it is."""
    return tensor.ndim == 2 and (part == "unet" or "resblocks" in key)


def summary(parts):
    """Parameters of each part, and what the files take in F16, and with int8 matrices."""
    lines, f16, int8 = [], 0, 0
    for name, (_, tensors) in parts.items():
        count = sum(v.numel() for v in tensors.values())
        small = sum(v.numel() + 4 * len(v) for k, v in tensors.items() if may_be_int8(name, k, v))
        rest = sum(2 * v.numel() for k, v in tensors.items() if not may_be_int8(name, k, v))
        f16, int8 = f16 + 2 * count, int8 + small + rest
        lines.append(f"{name} {count / 1e6:.3f} M")
    return f"{', '.join(lines)}: {f16 / 1e6:.2f} MB in F16, {int8 / 1e6:.2f} MB with int8 matrices"


def train(options, log):
    """The last stage."""
    model = joint.load(options)
    log("export: " + summary(write(options, model, options.cache / "model")))


if __name__ == "__main__":
    import train as command

    parser = command.arguments(__doc__)
    parser.add_argument("out")
    options = command.parsed(parser)
    print(summary(write(options, joint.load(options), options.out)))
