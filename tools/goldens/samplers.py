"""Whole runs of diffusers' schedulers with a network that is one formula -> sampler/testdata/samplers.json

python samplers.py   (torch 2.6, diffusers 0.33.1, scipy 1.15.3)

Latents are float32, the noise of random schedulers is drawn in what the reference's pipeline draws it in: bfloat16, but for
DPMSolverMultistepScheduler, which asks for float32.
"""
import json
import math
import pathlib
import sys

import diffusers
import numpy as np
import torch

OUT = pathlib.Path(__file__).parents[2] / "sampler/testdata/samplers.json"
SDXL = {  # scheduler/scheduler_config.json of SDXL base 1.0
    "_class_name": "EulerDiscreteScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
    "clip_sample": False, "interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "epsilon",
    "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading", "use_karras_sigmas": False,
}
VELOCITY = SDXL | {"prediction_type": "v_prediction", "timestep_spacing": "trailing", "rescale_betas_zero_snr": True}
PLAIN = SDXL | {"prediction_type": "v_prediction"}
PICTURE = SDXL | {"prediction_type": "sample"}
ONE = SDXL | {"set_alpha_to_one": True, "steps_offset": 0}
MINIMAL = SDXL | {"final_sigmas_type": "sigma_min"}
SHORT = SDXL | {"original_inference_steps": 40, "timestep_scaling": 3.0}
FLUX = {  # scheduler/scheduler_config.json of FLUX.1-dev
    "_class_name": "FlowMatchEulerDiscreteScheduler", "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096,
    "max_shift": 1.15, "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": True,
}
FLOW_HEUN = {"_class_name": "FlowMatchHeunDiscreteScheduler", "num_train_timesteps": 1000, "shift": 3.0}
FLOW_DPM = {
    "_class_name": "DPMSolverMultistepScheduler", "use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction",
}
CLASSES = {
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm++2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm++2s": ("DPMSolverSinglestepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm++sde": ("DPMSolverSinglestepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "ddim": ("DDIMScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}
SCHEDULES = {
    "": {}, "leading": {"timestep_spacing": "leading"}, "trailing": {"timestep_spacing": "trailing"},
    "linspace": {"timestep_spacing": "linspace"}, "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True}, "beta": {"use_beta_sigmas": True},
    "static": {"use_dynamic_shifting": False}, "dynamic": {},
}
VISITS, SPACED = ["leading", "trailing", "linspace"], ["karras", "exponential", "beta"]
EVERY = {"euler", "heun", "dpm++2m", "dpm++2m-sde", "unipc"}  # those with all six schedules


def cases():
    """All combinations of sampler and schedule that there are, then other predictions and fields."""
    for name in CLASSES:
        schedules = VISITS + SPACED if name in EVERY else VISITS if name in ("ddim", "euler-ancestral") else []
        schedules = ["linspace"] + SPACED if name.startswith("dpm++") and name[5:] in ("2s", "sde") else schedules
        for i, schedule in enumerate([""] + schedules):
            yield SDXL, name, schedule, [6, 4, 7, 8, 5, 11, 16][i]
        if name not in ("heun", "dpm++2s", "dpm++sde"):
            yield VELOCITY, name, "", 7
        yield PLAIN, name, "", 5
        if name != "euler-ancestral":
            yield PICTURE, name, "", 5
    yield SDXL, "dpm++2m", "karras", 20
    yield SDXL, "dpm++2m", "", 1
    yield SDXL, "unipc", "", 1
    yield SDXL, "lcm", "", 1
    yield SDXL, "tcd", "", 4
    yield ONE, "ddim", "", 5
    yield ONE, "ddim", "trailing", 7
    yield SHORT, "lcm", "", 3
    yield SHORT, "tcd", "", 6
    for name in ("euler", "dpm++2m", "unipc"):
        yield MINIMAL, name, "", 6
    yield MINIMAL, "dpm++2m", "", 16
    yield MINIMAL | {"euler_at_final": True}, "dpm++2m-sde", "", 16


def network(z, t):
    """Stands for the network: bounded, and not linear."""
    place = torch.arange(z.numel(), dtype=torch.float64).reshape(z.shape)
    return (torch.tanh(z.double() + torch.cos(place)) * (0.5 + float(t) / 2000)).float()


def draw(shape, generator, dtype):
    return torch.randn(shape, generator=generator, dtype=dtype).float()


def in_bfloat16(s):
    """Makes the scheduler's module draw in bfloat16 where it takes the type of the network's output."""
    module = sys.modules[type(s).__module__]
    if hasattr(module, "randn_tensor") and not isinstance(s, diffusers.DPMSolverMultistepScheduler):
        module.randn_tensor = lambda shape, generator=None, device=None, dtype=None: draw(shape, generator, torch.bfloat16)


def run(s, seed, shape=(1, 4, 2, 3), network=network, pack=lambda x: x):
    """The latents of all steps; those of a step that asks twice are of its end."""
    in_bfloat16(s)
    generator = torch.Generator().manual_seed(seed)
    x = pack(draw(shape, generator, torch.bfloat16)) * getattr(s, "init_noise_sigma", 1)
    if hasattr(s, "set_begin_index"):
        s.set_begin_index(0)
    accepts = s.step.__code__.co_varnames
    kwargs = {"generator": generator} if "generator" in accepts else {}
    latents = []
    for t in s.timesteps:
        z = s.scale_model_input(x, t) if hasattr(s, "scale_model_input") else x
        x = s.step(network(z, t), t, x, **kwargs).prev_sample
        if getattr(s, "dt", None) is None:
            latents.append(x)
    if getattr(s, "dt", None) is not None:  # the last step asks once
        latents.append(x)
    return latents


def result(s, latents, **case):
    order = 2 if isinstance(s, (diffusers.HeunDiscreteScheduler, diffusers.FlowMatchHeunDiscreteScheduler)) else 1
    sigmas = s.sigmas.tolist() if isinstance(getattr(s, "sigmas", None), torch.Tensor) else []
    if order == 2:
        sigmas = sigmas[:1] + sigmas[1:-1:2] + sigmas[-1:]
    times = s.timesteps.tolist()
    times = times[:1] + times[1::2] if order == 2 else times
    round8 = lambda v: [float(f"{x:.8g}") for x in v]
    latents = [x.flatten().tolist() for x in latents]
    middle = (len(latents) - 1) // 2
    return case | {
        "timesteps": times, "sigmas": round8(sigmas), "init": float(getattr(s, "init_noise_sigma", 1.0)),
        "first": round8(latents[0]), "middle": round8(latents[middle]), "last": round8(latents[-1]),
    }


def scheduler(config, sampler, schedule, steps):
    name, fields = CLASSES[sampler]
    known = {k: v for k, v in config.items() if k != "_class_name"}
    s = getattr(diffusers, name).from_config(known | fields | SCHEDULES[schedule])
    s.set_timesteps(steps)
    return s


def diffusion(config, sampler, schedule, steps, seed):
    s = scheduler(config, sampler, schedule, steps)
    return result(s, run(s, seed), config=config, sampler=sampler, schedule=schedule, steps=steps, seed=seed)


def flow_scheduler(config, sampler, schedule, steps, tokens):
    """With the levels that the reference's pipeline asks for or, of other classes, those that they set themselves."""
    own = getattr(diffusers, config["_class_name"]).from_config(config | SCHEDULES[schedule])
    if isinstance(own, diffusers.FlowMatchEulerDiscreteScheduler):
        shift = diffusers.pipelines.flux.pipeline_flux.calculate_shift(
            tokens, *(config[k] for k in ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")))
        own.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps), mu=shift)
    else:
        own.set_timesteps(steps)
    s, times = own, own.timesteps
    if sampler == "heun" and isinstance(own, diffusers.FlowMatchEulerDiscreteScheduler):
        s = diffusers.FlowMatchHeunDiscreteScheduler()
        s.set_timesteps(steps)
        s.sigmas = torch.cat([own.sigmas[:1], own.sigmas[1:-1].repeat_interleave(2), own.sigmas[-1:]])
        times = torch.cat([times[:1], times[1:].repeat_interleave(2)])
    if sampler == "dpm++2m" and s is own and isinstance(own, diffusers.FlowMatchEulerDiscreteScheduler):
        s = diffusers.DPMSolverMultistepScheduler.from_config(FLOW_DPM)
        s.set_timesteps(steps)
        s.sigmas = own.sigmas
    s.timesteps = (times.to(torch.bfloat16) / 1000 * 1000).float()  # what the pipeline tells the network
    return s


def flow(config, sampler, schedule, steps, tokens, seed):
    s = flow_scheduler(config, sampler, schedule, steps, tokens)
    return result(s, run(s, seed), config=config, sampler=sampler, schedule=schedule, steps=steps, tokens=tokens, seed=seed)


def flows():
    for sampler in ("euler", "heun", "dpm++2m"):
        for i, schedule in enumerate(["", "static", "dynamic"] + SPACED):
            yield FLUX, sampler, schedule, 5 + i, 72 * 54
    yield FLUX, "dpm++2m", "", 1, 12
    yield FLOW_HEUN, "heun", "", 6, 12
    yield FLOW_DPM, "dpm++2m", "", 20, 12


def main():
    every = [diffusion(*case, seed=i) for i, case in enumerate(cases())]
    straight = [flow(*case, seed=i) for i, case in enumerate(flows())]
    for case in every + straight:
        if not all(map(math.isfinite, case["last"])):
            print("not finite:", case["sampler"], case["schedule"], case["steps"])
    content = {"diffusers": diffusers.__version__, "torch": torch.__version__, "diffusion": every, "flow": straight}
    text = json.dumps(content, separators=(",", ":"))
    OUT.write_text(text.replace('{"config"', '\n{"config"') + "\n")
    print(len(every), "and", len(straight), "runs", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
