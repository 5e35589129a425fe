"""Multiplications and additions of the published networks -> faceclip/testdata/operations.json

python operations.py   (torch 2.6)

PyTorch counts those of the oracle's matrix products and convolutions at 864×1152 pixels, on tensors without data of the
names and shapes in internal/keys. A network runs at once, in seconds.
"""
import json

import torch
from torch.utils.flop_counter import FlopCounterMode

import models

import face
import flux
import make_flux
import make_sdxl
import sdxl
import vae

OUT = models.ROOT / "faceclip/testdata/operations.json"
ROWS, COLS = 144, 108  # of the latent


def weights(checkpoint):
    """Tensors of a list of keys, such as "conv_in.weight [320, 4, 3, 3]"."""
    lines = (models.ROOT / f"internal/keys/{checkpoint}.keys").read_text().splitlines()
    return {name: torch.empty(json.loads(shape)) for name, shape in (line.split(" ", 1) for line in lines)}


def count(run, *args):
    with FlopCounterMode(display=False) as counter:
        run(*args)
    return counter.get_total_flops()


def encoder():
    w, c = weights("face_clip_encoder"), make_sdxl.encoder_config(make_sdxl.SIZES["full"], 49408)
    ids = torch.zeros(1, 77, dtype=torch.long)
    for name in ("l", "g"):
        sdxl.branch(ids, ids > 0, torch.empty(1, 3, 112, 112), w, name, c, {})


def unet():
    c = make_sdxl.unet_config(make_sdxl.SIZES["full"])
    sdxl.unet(torch.empty(2, 4, ROWS, COLS), 981, torch.empty(2, 77, 2048), torch.empty(2, 1280), torch.empty(2, 6),
              weights("sdxl_unet"), c)


def decoder(checkpoint, channels):
    vae.decode(torch.empty(1, channels, ROWS, COLS), weights(checkpoint), make_sdxl.vae_config(make_sdxl.SIZES["full"]))


def facet5():
    """With the feature head of the face, a thousandth of it all, on which nothing depends."""
    w, c = weights("face_t5_encoder"), make_flux.encoder_config(make_flux.SIZES["wide"], 49408, 32128)
    c["vision"]["num_hidden_layers"], c["text"]["num_layers"], c["clip"]["num_hidden_layers"] = 24, 24, 12
    ids, v = torch.zeros(1, 512, dtype=torch.long), c["vision"]
    flux.clip_hidden(ids[:, :77], w, "encoder_1.text_model.", c["clip"])
    hidden = flux.t5_encode(ids, w, "encoder_2.t5_encoder.", c["text"])
    _, patch = face.vit(torch.empty(1, 3, 112, 112), w, "encoder_2.face_encoder.", 24, v["num_attention_heads"])
    patch = flux.linear(patch, w, "encoder_2.face_patch_proj.")
    flux.fuse(patch, hidden, w["encoder_2.positional_embedding"], w, "encoder_2.fuser.encoder.", c["fuser"])


def dit():
    c = make_flux.transformer_config(make_flux.SIZES["wide"]) | {"num_layers": 19, "num_single_layers": 38}
    tokens = torch.empty(1, ROWS * COLS // 4, 64)
    flux.dit(tokens, torch.empty(1, 512, 4096), torch.empty(1, 768), 1000.0, (ROWS // 2, COLS // 2), weights("flux_dit"), c)


def main():
    torch.set_default_device("meta")
    networks = {
        "encoder": (encoder,), "unet": (unet,), "decoder": (decoder, "vae_sdxl", 4), "facet5": (facet5,), "dit": (dit,),
        "decoder16": (decoder, "vae_flux", 16),
    }
    OUT.write_text(json.dumps({name: count(*run) for name, run in networks.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
