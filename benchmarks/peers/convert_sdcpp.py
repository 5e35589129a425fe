"""Writes a folder for stable-diffusion.cpp, and the picture that it should make: python convert_sdcpp.py WORK

It takes prompts and gives pictures only, so its text encoders get weights that give the same for every prompt: all layers add
nothing to the embeddings of the positions. Then PyTorch can make the same picture: noise, a step with the network, the decoder.
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

import networks

SEED, SCALE = 1, 0.13025  # of the noise; of latents
LARGE = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, projection_dim=1280)
SMALL = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)


def main(work):
    torch.set_grad_enabled(False)
    work = pathlib.Path(work)
    folder = work / "sdcpp"
    folder.mkdir(exist_ok=True)
    for part in ("unet", "vae"):
        if not (folder / part).exists():
            (folder / part).symlink_to(work / "model" / part)
    random = torch.Generator().manual_seed(2)
    text, pooled = (torch.randn(*shape, generator=random).half() for shape in ((77, 2048), (1280,)))
    save_file({"picture": picture(work, text.float(), pooled.float())}, work / "reference/sdcpp.safetensors")
    write(CLIPTextModel, SMALL, text[:, :768], torch.zeros(768), folder / "text_encoder/model.safetensors")
    write(CLIPTextModelWithProjection, LARGE, text[:, 768:], pooled, folder / "clip_g.safetensors")


def sigma():
    """The noise level of networks.STEP."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0)[networks.STEP]
    return ((1 - kept) / kept).sqrt().item()


def picture(work, text, pooled):
    """One step from noise to the picture, in float32 [1, h, w, 3] in [-1, 1]."""
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(SEED)) * sigma()
    unet, _ = networks.load("unet", work)
    x = (noise / (sigma() ** 2 + 1) ** 0.5).expand(2, -1, -1, -1)
    eps = unet(x, text.expand(2, -1, -1), pooled.expand(2, -1))[:1]
    del unet
    decoder, _ = networks.load("decoder", work)
    return networks.last(decoder((noise - sigma() * eps) / SCALE).clamp(-1, 1))


def write(kind, sizes, positions, pooled, file):
    """A text encoder whose features are those of the positions, pooled to a constant."""
    with torch.device("meta"):
        model = kind(CLIPTextConfig(**sizes))
    weights = {k: torch.zeros(v.shape, dtype=torch.float16) for k, v in model.state_dict().items()}
    weights["text_model.embeddings.position_embedding.weight"] = positions.half().contiguous()
    weights["text_model.final_layer_norm.bias"] = pooled.half()
    if "text_projection.weight" in weights:
        weights["text_projection.weight"] = torch.eye(len(pooled)).half()
    file.parent.mkdir(exist_ok=True)
    save_file(weights, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
