"""Times a pass of a network of the published size in PyTorch: networks.py NETWORK [--compile], of unet, dit and decoder at 864×1152.

It is the oracle's network (tools/oracle) with random weights, in bfloat16 on the GPU, with PyTorch's own fused attention and norms.
Weights are random: time does not depend on them.
"""
import argparse
import pathlib
import statistics
import sys
import time
import types

import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
for absent in "ftfy", "safetensors", "safetensors.torch", "sentencepiece", "transformers", "PIL", "regex":
    try:
        __import__(absent)
    except ImportError:  # what reads files and prompts is not used here
        module = types.ModuleType(absent)
        module.Image = module.load_file = module.save_file = None
        sys.modules[absent] = module
sys.path.insert(0, str(ROOT / "tools/oracle"))
import flux  # noqa: E402
import ops  # noqa: E402
import sdxl  # noqa: E402
import vae  # noqa: E402

CHECKPOINTS = {"unet": "sdxl_unet", "dit": "flux_dit", "decoder": "vae_sdxl"}
UNET = dict(
    attention_head_dim=(5, 10, 20), transformer_layers_per_block=(1, 2, 10), norm_num_groups=32, norm_eps=1e-5, layers_per_block=2,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=(320, 640, 1280),
    addition_time_embed_dim=256)
DIT = dict(num_attention_heads=24, guidance_embeds=True, num_layers=19, num_single_layers=38)
DECODER = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2)


def attention(q, k, v, n, scale=None, bias=None):
    q, k, v = (ops.heads(x, n) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=scale).transpose(1, 2).flatten(2)


FUSED = {
    "attention": attention,
    "layer_norm": lambda x, w=None, p="", eps=1e-5: F.layer_norm(
        x, x.shape[-1:], w and w[p + "weight"], w and w[p + "bias"], eps),
    "rms_norm": lambda x, weight, eps=1e-6: F.rms_norm(x, weight.shape, weight, eps),
    "group_norm": lambda x, w, p, eps, groups=32: F.group_norm(x, groups, w[p + "weight"], w[p + "bias"], eps),
    "silu": F.silu,
    "gelu_erf": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "sinusoid": lambda *args, of=ops.sinusoid: of(*args).bfloat16(),
}


def fuse():
    """Puts what PyTorch has fused where the oracle writes operations out."""
    for module in flux, sdxl, vae, ops:
        for name, function in FUSED.items():
            if hasattr(module, name):
                setattr(module, name, function)
    turn = flux.rope
    flux.rope = lambda ids, axes: tuple(x.bfloat16() for x in turn(ids, axes))


def weights(network):
    """Random weights by name, as the list of keys has them."""
    w = {}
    for line in (ROOT / f"internal/keys/{CHECKPOINTS[network]}.keys").read_text().splitlines():
        name, _, shape = line.partition(" ")
        shape = [int(n) for n in shape.strip("[]").split(",") if n.strip()]
        w[name] = torch.randn(shape, dtype=torch.bfloat16) * (0.02 if len(shape) > 1 else 0.1)
        if len(shape) == 4:
            w[name] = w[name].contiguous(memory_format=torch.channels_last)
    return w


def unet(w):
    x = torch.randn(2, 4, 144, 108, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    text, pooled = torch.randn(2, 77, 2048, dtype=torch.bfloat16), torch.randn(2, 1280, dtype=torch.bfloat16)
    sizes = torch.tensor([[1152.0, 864, 0, 0, 1152, 864]] * 2)
    return lambda: sdxl.unet(x, 500, text, pooled, sizes, w, UNET)


def dit(w):
    x, text = torch.randn(1, 72 * 54, 64, dtype=torch.bfloat16), torch.randn(1, 512, 4096, dtype=torch.bfloat16)
    pooled = torch.randn(1, 768, dtype=torch.bfloat16)
    return lambda: flux.dit(x, text, pooled, 500.0, (72, 54), w, DIT)


def decoder(w):
    z = torch.randn(1, 4, 144, 108, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    return lambda: vae.decode(z, w, DECODER)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=CHECKPOINTS)
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_default_device(args.device)
    torch.backends.cudnn.benchmark = True
    fuse()
    run = globals()[args.network](weights(args.network))
    if args.compile:
        run = torch.compile(run)
    wait = torch.cuda.synchronize if args.device == "cuda" else lambda: None
    times = []
    for _ in range(8):
        began = time.perf_counter()
        run()
        wait()
        times.append(time.perf_counter() - began)
    peak = torch.cuda.max_memory_allocated() / 1e9 if args.device == "cuda" else 0
    print(f"torch {torch.__version__}, {args.network}{', compiled' * args.compile}: {1000 * statistics.median(times[3:]):.1f} ms a pass"
          f" (the first {times[0]:.1f} s), {peak:.2f} GB at most", flush=True)


if __name__ == "__main__":
    main()
