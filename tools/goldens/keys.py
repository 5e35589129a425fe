"""Names and shapes of the published checkpoints -> internal/keys/*.keys

python keys.py   (torch 2.6, diffusers 0.33.1, transformers 4.45.2)

Of the base models' networks, what diffusers makes of their configurations; of the encoders, what the oracle asks for.
"""
import diffusers
import torch

import models

import make_flux
import make_sdxl

FULL = make_sdxl.SIZES["full"]


def facet5():
    c = make_flux.encoder_config(make_flux.SIZES["wide"], 49408, 32128)
    c["vision"]["num_hidden_layers"], c["text"]["num_layers"], c["clip"]["num_hidden_layers"] = 24, 24, 12
    return make_flux.encoder_shapes(c)


def dit():
    c = make_flux.transformer_config(make_flux.SIZES["wide"]) | {"num_layers": 19, "num_single_layers": 38}
    return make_sdxl.module_shapes(diffusers.FluxTransformer2DModel, c)


def main():
    with torch.device("meta"):
        checkpoints = {
            "face_clip_encoder": make_sdxl.encoder_shapes(make_sdxl.encoder_config(FULL, 49408)),
            "sdxl_unet": make_sdxl.module_shapes(diffusers.UNet2DConditionModel, make_sdxl.unet_config(FULL)),
            "vae_sdxl": make_sdxl.module_shapes(diffusers.AutoencoderKL, make_sdxl.vae_config(FULL)),
            "face_t5_encoder": facet5(),
            "flux_dit": dit(),
            "vae_flux": make_sdxl.module_shapes(diffusers.AutoencoderKL, make_flux.vae_config(make_flux.SIZES["wide"])),
        }
    for name, shapes in checkpoints.items():
        lines = (f"{key} {list(shape)}\n" for key, shape in shapes.items())
        (models.ROOT / "internal/keys" / f"{name}.keys").write_text("".join(lines))


if __name__ == "__main__":
    main()
