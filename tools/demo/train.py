"""Trains the miniature FaceCLIP-SDXL from nothing, and writes it as a model folder.

python train.py [--seed 1] [--stage NAME] [--threads N] [--cache DIR] [--steps N]

Stages follow one another; one that is done is skipped, one that was cut goes on where it was. README.md tells the rest.
"""
import argparse
import datetime
import importlib
import os
import pathlib

import torch

STAGES = {  # and the file that says that a stage is done
    "render": "portraits.npy", "autoencoder": "autoencoder.safetensors", "latents": "latents.npy", "faces": "faces.safetensors",
    "texts": "texts.safetensors", "reader": "reader.safetensors", "joint": "joint.safetensors", "export": "model/model_index.json",
}


def arguments(description):
    """What all commands of this folder take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("~/.cache/faceclip-demo"))
    parser.add_argument("--steps", type=int, help="of the stage, in place of its own number")
    parser.add_argument("--batch", type=int, default=1, help="so many times the batch of two cores, for a GPU")
    parser.add_argument("--persons", type=int, help="that are drawn for training, in place of 12000")
    return parser


def parsed(parser):
    options = parser.parse_args()
    options.cache = options.cache.expanduser() / f"seed-{options.seed}"
    torch.set_num_threads(options.threads)
    return options


def logger(cache):
    def log(text):
        line = f"{datetime.datetime.now():%m-%d %H:%M:%S} {text}"
        print(line, flush=True)
        with open(cache / "log.txt", "a") as f:
            f.write(line + "\n")

    return log


def render(options, log):
    import data

    data.render(options.cache, options.seed, log, options.persons or data.PERSONS)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--stage", choices=STAGES, help="only this one")
    options = parsed(parser)
    options.cache.mkdir(parents=True, exist_ok=True)
    (options.cache.parent / "pid").write_text(f"{os.getpid()}\n")
    log = logger(options.cache)
    for name, result in STAGES.items():
        if options.stage not in (None, name) or (options.cache / result).exists():
            continue
        log(f"{name}: begins")
        torch.manual_seed(options.seed)
        stage = render if name == "render" else importlib.import_module(name).train
        stage(options, log)


if __name__ == "__main__":
    main()
