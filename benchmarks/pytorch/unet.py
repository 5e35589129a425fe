"""The U-Net of Stable Diffusion XL in PyTorch, float32 on the CPU, to compare BenchmarkUNet with.

    pip install torch==2.6.0 diffusers==0.33.1 transformers==4.45.2
    python unet.py [--threads N] [--rounds N] [SIZE ...]

A SIZE is width x height, such as 512x512. It prints the median of the rounds after one that does not count.
"""
import argparse
import statistics
import time

import torch
from diffusers import UNet2DConditionModel

CONFIG = dict(
    in_channels=4, out_channels=4, block_out_channels=(320, 640, 1280), layers_per_block=2, cross_attention_dim=2048,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 2, 10),
    attention_head_dim=(5, 10, 20), use_linear_projection=True, addition_embed_type="text_time",
    addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816, sample_size=128,
)
TFLOP = {"512x512": 3.178, "864x1152": 12.77}  # of a batch of two, as Plan counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["512x512"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(args.threads)
    unet = UNet2DConditionModel(**CONFIG).eval()
    for size in args.sizes:
        width, height = map(int, size.split("x"))
        x, text = torch.randn(2, 4, height // 8, width // 8), torch.randn(2, 77, 2048)
        added = {"text_embeds": torch.randn(2, 1280), "time_ids": torch.tensor([[height, width, 0, 0, height, width]] * 2)}
        times = []
        for _ in range(args.rounds + 1):
            began = time.perf_counter()
            unet(x, 500, text, added_cond_kwargs=added)
            times.append(time.perf_counter() - began)
        t = statistics.median(times[1:])
        speed = f", {1000 * TFLOP[size] / t:.1f} GFLOP/s" if size in TFLOP else ""
        print(f"torch {torch.__version__}, {args.threads} threads, UNet/{size}/f32: {t:.2f} s{speed}", flush=True)


if __name__ == "__main__":
    main()
