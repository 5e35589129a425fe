"""Sizes of the miniature, and its configurations: those of tools/oracle/make_sdxl.py with other numbers.

Modules of the oracle are imported through this one, which knows where they are.
"""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1] / "oracle"))
import clip_bpe  # noqa: E402, F401
import make_sdxl  # noqa: E402
import sdxl  # noqa: E402, F401

MERGES = 450
SIZE = dict(
    vision=(40, 5, 4, 96), text_l=(48, 2, 2), text_g=(96, 2, 3), fuser=(2, 8, 128), groups=8,
    unet_channels=[64, 96, 96], unet_heads=[1, 3, 3], unet_layers=[1, 1, 1], size_dim=8, vae_channels=[16, 32, 64, 96],
)
LAYERS = 1  # a block


def vae_config():
    return make_sdxl.vae_config(SIZE) | {"layers_per_block": LAYERS}


def unet_config():
    return make_sdxl.unet_config(SIZE) | {"layers_per_block": LAYERS}


def encoder_config(vocabulary):
    return make_sdxl.encoder_config(SIZE, vocabulary)
