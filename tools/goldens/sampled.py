"""Latents that diffusers' schedulers make with the miniatures' denoisers in plain PyTorch -> faceclip/testdata/sampled.safetensors

python sampled.py   (torch 2.6, diffusers 0.33.1, transformers 4.45.2, ftfy 6.3.1)

Each case is a request, which the file has as metadata, with the latent after the first step and after the last.
"""
import json

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline, rescale_noise_cfg
from safetensors.torch import save_file

import models

import checkpoint
import face
import flux
import samplers
import sdxl

OUT = models.ROOT / "faceclip/testdata/sampled.safetensors"
PROMPTS = {"prompt": "A man in a red coat.", "negative": "blurry", "width": 64, "height": 48}
SDXL = {  # sampler, schedule, steps, seed, guidance, from, until, rescale
    "karras": ("dpm++2m", "karras", 5, 1, 5.0, 0.0, 1.0, 0.0),
    "interval": ("dpm++2m", "trailing", 5, 2, 5.0, 0.2, 0.8, 0.7),
    "ancestral": ("euler-ancestral", "", 4, 3, 3.0, 0.0, 0.5, 0.0),
    "heun": ("heun", "linspace", 3, 4, 4.0, 0.34, 1.0, 0.0),
    "sde": ("dpm++2m-sde", "exponential", 4, 5, 4.0, 0.0, 1.0, 1.0),
    "single": ("dpm++sde", "", 4, 6, 4.0, 0.0, 1.0, 0.0),
    "unipc": ("unipc", "beta", 4, 7, 4.0, 0.0, 1.0, 0.0),
    "ddim": ("ddim", "trailing", 4, 8, 4.0, 0.5, 1.0, 0.0),
    "lcm": ("lcm", "", 4, 9, 1.0, 0.0, 1.0, 0.0),
    "tcd": ("tcd", "", 3, 10, 1.0, 0.0, 1.0, 0.0),
    "told": ("lcm", "", 2, 11, 7.5, 0.0, 1.0, 0.0),  # by a model that is told the scale of guidance
}
FLUX = {
    "flow.dpm": ("dpm++2m", "", 4, 12, 3.5, 0.25, 1.0, 0.0),
    "flow.heun": ("heun", "static", 2, 13, 3.5, 0.0, 0.5, 0.5),
    "flow.karras": ("euler", "karras", 3, 14, 1.0, 0.0, 1.0, 0.0),
}
TOLD = 10  # time_cond_proj_dim


def requests(cases):
    names = ("sampler", "schedule", "steps", "seed", "guidance", "from", "until", "rescale")
    return {name: PROMPTS | dict(zip(names, values)) for name, values in cases.items()}


def guided(r, step, predict):
    """What guidance makes of the predictions for the positive and the negative prompt in a step."""
    positive = predict(1)
    if r["guidance"] <= 1 or not r["from"] <= (step + 0.5) / r["steps"] < r["until"]:
        return positive
    negative = predict(0)
    x = negative + r["guidance"] * (positive - negative)
    return rescale_noise_cfg(x, positive, r["rescale"])


class Steps:
    """Counts the calls of a run: which step a call belongs to."""

    def __init__(self, twice):
        self.calls, self.twice = 0, twice

    def next(self):
        self.calls += 1
        return (self.calls - 1) // (2 if self.twice else 1)


def told(w, c, scale):
    """The weights and the function that add a scale of guidance to the sinusoids of the time."""
    first = c["block_out_channels"][0]
    matrix = torch.cos(0.1 * torch.arange(first * TOLD, dtype=torch.float64)).reshape(first, TOLD).float()
    vector = StableDiffusionXLPipeline.get_guidance_scale_embedding(None, torch.tensor([scale - 1]), TOLD) @ matrix.T
    return lambda t, width, one=sdxl.sinusoid: one(t, width) + vector[0] if width == first else one(t, width)


def run_sdxl(folder, name, r):
    context, pooled = sdxl.encode_prompts(folder, r, True, {})
    w, c = checkpoint.weights(folder / "unet"), checkpoint.config(folder / "unet")
    sizes = torch.tensor([[r["height"], r["width"], 0, 0, r["height"], r["width"]]], dtype=torch.float32)
    s = samplers.scheduler(checkpoint.config(folder / "scheduler", "scheduler_config.json"), r["sampler"], r["schedule"], r["steps"])
    steps, sinusoid = Steps(r["sampler"] == "heun"), sdxl.sinusoid

    def network(z, t):
        predict = lambda i: sdxl.unet(z, t, context[i : i + 1], pooled[i : i + 1], sizes, w, c)
        return predict(1) if name == "told" else guided(r, steps.next(), predict)

    if name == "told":
        sdxl.sinusoid = told(w, c, r["guidance"])
    try:
        return samplers.run(s, r["seed"], (1, 4, r["height"] // 8, r["width"] // 8), network)
    finally:
        sdxl.sinusoid = sinusoid


def run_flux(folder, name, r):
    tokenizers = flux.transformers.CLIPTokenizer.from_pretrained(folder / "tokenizer"), flux.transformers.T5TokenizerFast.from_pretrained(folder / "tokenizer_2")
    encoder, c = checkpoint.weights(folder / "face_t5_encoder"), checkpoint.config(folder / "face_t5_encoder")
    size = c["vision"]["image_size"]
    both = [flux.encode(torch.zeros(1, 3, size, size), r[p], tokenizers, encoder, c) for p in ("negative", "prompt")]
    w, c = checkpoint.weights(folder / "transformer"), checkpoint.config(folder / "transformer")
    grid = r["height"] // 16, r["width"] // 16
    s = samplers.flow_scheduler(
        checkpoint.config(folder / "scheduler", "scheduler_config.json"), r["sampler"], r["schedule"], r["steps"], grid[0] * grid[1])
    steps = Steps(r["sampler"] == "heun")

    def network(x, t):
        return guided(r, steps.next(), lambda i: flux.dit(x, both[i]["fused"], both[i]["clip.pooled"], float(t), grid, w, c))

    return samplers.run(s, r["seed"], (1, c["in_channels"] // 4, 2 * grid[0], 2 * grid[1]), network, flux.pack)


def main(folders):
    tensors = {}
    cases = {name: (run_sdxl, folders["sdxl"], r) for name, r in requests(SDXL).items()}
    cases |= {name: (run_flux, folders["flux"], r) for name, r in requests(FLUX).items()}
    for name, (run, folder, r) in cases.items():
        latents = run(folder, name, r)
        tensors |= {f"{name}.first": latents[0].contiguous(), f"{name}.last": latents[-1].contiguous()}
        print(name, float(latents[-1].abs().max()))
    save_file(tensors, OUT, {name: json.dumps(r) for name, (_, _, r) in cases.items()})


if __name__ == "__main__":
    models.with_models(main)
