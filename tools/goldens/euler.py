"""Schedules of EulerDiscreteScheduler -> sampler/testdata/euler.json

python euler.py   (diffusers 0.33.1, torch 2.6)
"""
import json
import pathlib

import diffusers
import torch
from diffusers import EulerDiscreteScheduler

OUT = pathlib.Path(__file__).parents[2] / "sampler/testdata/euler.json"
SDXL = {  # scheduler/scheduler_config.json of SDXL base 1.0, and two variations of what we implement
    "_class_name": "EulerDiscreteScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
CASES = [(SDXL, [1, 2, 4, 7, 50, 333, 501, 1000]), (SDXL | {"steps_offset": 0}, [7]), (SDXL | {"num_train_timesteps": 77, "beta_end": 0.1}, [3, 77])]


def schedule(config, steps):
    s = EulerDiscreteScheduler.from_config(config)
    s.set_timesteps(steps)
    sigmas = [float(v) for v in s.sigmas]
    return {"steps": steps, "timesteps": s.timesteps.tolist(), "sigmas": sigmas, "init": float(s.init_noise_sigma)}


def main():
    cases = [{"config": config, "schedules": [schedule(config, n) for n in steps]} for config, steps in CASES]
    content = {"diffusers": diffusers.__version__, "torch": torch.__version__, "cases": cases}
    text = json.dumps(content, separators=(",", ":"))
    OUT.write_text(text.replace('{"steps"', '\n{"steps"').replace('{"config"', '\n{"config"') + "\n")


if __name__ == "__main__":
    main()
