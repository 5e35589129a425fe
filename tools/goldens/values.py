"""Small tables from diffusers and transformers -> testdata of nn/t5, faceclip, flux, sampler and sdxl

python values.py   (torch 2.6, diffusers 0.33.1, transformers 4.45.2)
"""
import json

import diffusers
import numpy as np
import torch
from diffusers.models.embeddings import FluxPosEmbed, get_timestep_embedding
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from transformers.models.t5.modeling_t5 import T5Attention

import models

FLOW = {  # scheduler/scheduler_config.json of FLUX.1-dev
    "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096, "max_shift": 1.15,
    "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": True,
}


def buckets():
    """The bucket of the key that stands so many positions behind the query, from -600 to 600."""
    offsets = torch.arange(-600, 601)
    return T5Attention._relative_position_bucket(offsets, bidirectional=True, num_buckets=32, max_distance=128).tolist()


def flow(steps, tokens):
    """Sigmas, and the times that the transformer sees in bfloat16: the pipeline rounds t, t/1000 and 1000·(t/1000)."""
    s = diffusers.FlowMatchEulerDiscreteScheduler.from_config(FLOW)
    shift = calculate_shift(tokens, *(FLOW[k] for k in ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")))
    s.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps), mu=shift)
    times = (s.timesteps.to(torch.bfloat16) / 1000 * 1000).float()
    return {"steps": steps, "tokens": tokens, "sigmas": s.sigmas.tolist(), "times": times.tolist()}


def pack(seed, channels, rows, cols):
    """Noise, packed."""
    noise = torch.randn(1, channels, 2 * rows, 2 * cols, generator=torch.Generator().manual_seed(seed), dtype=torch.bfloat16)
    tokens = diffusers.FluxPipeline._pack_latents(noise, 1, channels, 2 * rows, 2 * cols)
    return {"seed": seed, "channels": channels, "rows": rows, "cols": cols, "tokens": tokens.flatten().tolist()}


def rotations(text, rows, cols):
    """Of all tokens; each angle belongs to two channels, of which this has one."""
    image = diffusers.FluxPipeline._prepare_latent_image_ids(1, rows, cols, "cpu", torch.float32)
    cos, sin = FluxPosEmbed(10000, [16, 56, 56])(torch.cat([torch.zeros(text, 3), image]))
    table = {"cos": cos[:, ::2].flatten().tolist(), "sin": sin[:, ::2].flatten().tolist()}
    return {"text": text, "rows": rows, "cols": cols, **table}


def sinusoids(time, width):
    x = get_timestep_embedding(torch.tensor([float(time)]), width, flip_sin_to_cos=True, downscale_freq_shift=0)
    return {"time": time, "values": x[0].tolist()}


def write(folder, value, name="values.json"):
    path = models.ROOT / folder / "testdata" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def main():
    write("nn/t5", {"first": -600, "buckets": buckets()})
    write("sampler", {"flow": [flow(50, 72 * 54), flow(1, 1), flow(4, 256), flow(7, 4096)]}, "flow.json")
    write("faceclip", pack(453563, 16, 2, 3), "pack.json")
    write("flux", rotations(3, 2, 4), "rotations.json")
    write("sdxl", {"times": [sinusoids(t, 320) for t in (981, 1, 0)], "sizes": [sinusoids(s, 256) for s in (1152, 864, 0)]})


if __name__ == "__main__":
    main()
