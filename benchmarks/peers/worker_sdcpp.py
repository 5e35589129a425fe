"""stable-diffusion.cpp, which makes pictures only: two steps, the second of which counts, and the decoder, which runs once.

Both steps start from the same noise. What is compared is the picture, of eight bits, with that of convert_sdcpp.py. The setting
flash is attention in one pass.
"""
import pathlib
import time

import numpy
import stable_diffusion_cpp
import torch

import convert_sdcpp
import worker

WEIGHTS = {"f16": "f16", "bf16": "bf16", "i8": "q8_0"}


def measure(args):
    began = time.perf_counter()
    folder = pathlib.Path(args.work) / "sdcpp"
    network = stable_diffusion_cpp.StableDiffusion(  # which knows the folder of an SDXL by a second encoder that is not in it
        model_path=str(folder), clip_g_path=str(folder / "clip_g.safetensors"), vae_decode_only=True, n_threads=args.threads, rng_type="cpu",
        sampler_rng_type="cpu", wtype=WEIGHTS[args.compute], diffusion_flash_attn=args.setting == "flash",
        flash_attn=args.setting == "flash")
    ended = []  # when each step did
    level = convert_sdcpp.sigma()
    (picture,) = network.generate_image(
        prompt="a", negative_prompt="b", width=512, height=512, cfg_scale=5, sample_method="euler", sample_steps=2,
        sigmas=f"{level},{level},0", seed=convert_sdcpp.SEED,
        progress_callback=lambda step, steps, seconds: ended.append(time.perf_counter()))
    done = time.perf_counter()
    pixels = torch.from_numpy(numpy.asarray(picture.convert("RGB")).copy())[None].float() / 127.5 - 1
    worker.save({"picture": pixels}, args.output)
    peak = worker.resident_peak()
    return {
        "load": ended[-2] - began, "seconds": [ended[-1] - ended[-2]], "also": {"decoder": [done - ended[-1]]}, "peak": peak,
        "running": peak, "versions": f"stable-diffusion-cpp-python {stable_diffusion_cpp.__version__}"}


if __name__ == "__main__":
    worker.report(measure(worker.arguments()))
