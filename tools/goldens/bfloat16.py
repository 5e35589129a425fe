"""How far PyTorch in bfloat16 is from float32, stage by stage, for the requests in faceclip/testdata -> bfloat16.json

python bfloat16.py   (torch 2.6, transformers 4.45.2, ftfy 6.3.1)

Weights and activations are bfloat16; sums, norms and the sampler's state are float32 inside PyTorch's own operations. A figure is
the root of the summed squared differences, relative to that of the float32 stage.
"""
import json

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

import models

import checkpoint
import face
import flux
import ops
import sdxl
import vae

PIPELINES = {"sdxl": sdxl, "flux": flux}
PRODUCTS = (F.linear, F.conv2d, F.scaled_dot_product_attention)


def half(x):
    return x.bfloat16() if isinstance(x, torch.Tensor) and x.is_floating_point() else x


class HalfProducts(TorchFunctionMode):
    """Products take bfloat16, whatever the types of their operands."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in PRODUCTS:
            args, kwargs = [half(a) for a in args], {k: half(v) for k, v in kwargs.items()}
        return function(*args, **kwargs)


def layer_norm(x, w=None, p="", eps=1e-5):
    x = half(x)
    return F.layer_norm(x, x.shape[-1:], *(() if w is None else (w[p + "weight"], w[p + "bias"])), eps=eps)


def rms_norm(x, weight, eps=1e-6):
    return F.rms_norm(half(x), x.shape[-1:], weight, eps)


def group_norm(x, w, p, eps, groups=32):
    return F.group_norm(half(x), groups, w[p + "weight"], w[p + "bias"], eps)


def attention(q, k, v, n, scale=None, bias=None):
    q, k, v = ops.heads(q, n), ops.heads(k, n), ops.heads(v, n)
    o = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=scale)
    return o.transpose(1, 2).reshape(o.shape[0], o.shape[2], -1)


REPLACED = {
    "layer_norm": layer_norm, "rms_norm": rms_norm, "group_norm": group_norm, "attention": attention,
    "silu": F.silu, "gelu_erf": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}


def use_bfloat16():
    """From now on the oracle computes in bfloat16."""
    for module in (ops, face, vae, sdxl, flux):
        for name, function in REPLACED.items():
            if hasattr(module, name):
                setattr(module, name, function)
    load = checkpoint.weights
    checkpoint.weights = flux.weights = lambda folder: {k: half(v) for k, v in load(folder).items()}
    sdxl.ACTIVATION["gelu"] = F.gelu


def stages(system, folder, request):
    found, _ = PIPELINES[system].run(folder, request)
    return {name: value.float() for name, value in found.items() if value.dtype.is_floating_point or name == "image"}


def main(folders):
    requests = {}
    for system in folders:
        data = models.ROOT / "faceclip/testdata" / system
        for path in sorted(data.glob("request*.json")):
            request = json.loads(path.read_text())
            request["face"] = data / request["face"] if "face" in request else None
            requests[f"{system}/{path.stem}"] = system, request
    exact = {name: stages(system, folders[system], request) for name, (system, request) in requests.items()}
    use_bfloat16()
    deviations = {}
    with HalfProducts():
        for name, (system, request) in requests.items():
            deviations[name] = {
                stage: float(f"{((value - exact[name][stage]).norm() / exact[name][stage].norm().clamp(min=1e-30)).item():.3g}")
                for stage, value in stages(system, folders[system], request).items()
            }
    (models.ROOT / "faceclip/testdata/bfloat16.json").write_text(json.dumps(deviations, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    models.with_models(main)
