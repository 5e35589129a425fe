"""What both pipelines are as commands: their arguments, and the file of a trace."""
import argparse
import json
import pathlib

import torch
from PIL import Image
from safetensors.torch import save_file


def save_trace(path, stages, request, libraries):
    """One text of metadata: the order of several would differ from run to run."""
    versions = {m.__name__: m.__version__ for m in libraries}
    shown = request | {"face": pathlib.Path(request.get("face") or "").name, "versions": versions}
    save_file({k: v.contiguous().clone() for k, v in stages.items()}, path, metadata={"request": json.dumps(shown)})


def main(description, run, negative, guidance, libraries):
    """Runs a pipeline, run(model_dir, request), with the request of the command line. The rest is for where it says nothing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir")
    parser.add_argument("--face", help="without it: text only")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--negative", default=negative)
    parser.add_argument("--seed", type=int, default=453563)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=guidance, help="scale of classifier-free guidance")
    parser.add_argument("--width", type=int, default=864)
    parser.add_argument("--height", type=int, default=1152)
    parser.add_argument("--out", required=True)
    parser.add_argument("--png")
    args = vars(parser.parse_args())
    model_dir, out, png = args.pop("model_dir"), args.pop("out"), args.pop("png")
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    stages, image = run(model_dir, args)
    save_trace(out, stages, args, libraries)
    if png:
        Image.fromarray(image).save(png)
