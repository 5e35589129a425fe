"""Parts of FaceT5-FLUX of the published widths in PyTorch, float32 on the CPU, beside which TestBeside runs ours.

    pip install torch==2.6.0 diffusers==0.33.1 transformers==4.45.2

Each line of standard input is the name of a part; it is run once, and the seconds that took are printed.
"""
import sys
import time

import torch
import torch.nn.functional as F
from diffusers import FluxTransformer2DModel
from torch import nn
from transformers import T5Config, T5EncoderModel

TOKENS, ROWS, COLS, PATCHES = 512, 72, 54, 144


def dit(double, single):
    model = FluxTransformer2DModel(num_layers=double, num_single_layers=single, guidance_embeds=True).eval()
    grid = torch.zeros(ROWS, COLS, 3)
    grid[..., 1] += torch.arange(ROWS)[:, None]
    grid[..., 2] += torch.arange(COLS)
    arguments = dict(
        hidden_states=torch.randn(1, ROWS * COLS, 64), encoder_hidden_states=torch.randn(1, TOKENS, 4096),
        pooled_projections=torch.randn(1, 768), timestep=torch.ones(1), guidance=torch.ones(1),
        txt_ids=torch.zeros(TOKENS, 3), img_ids=grid.reshape(-1, 3))
    return lambda: model(**arguments)


def t5():
    config = T5Config(vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_layers=1, num_heads=64,
                      feed_forward_proj="gated-gelu")
    model = T5EncoderModel(config).eval()
    ids = torch.zeros(1, TOKENS, dtype=torch.long)
    return lambda: model(input_ids=ids)


class Fuser(nn.Module):
    """One layer: bi-attention, then a transformer layer over the text, then, but in the last one, one over each patch."""

    def __init__(self, d=4096, e=1024, heads=4):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(6))
        self.into = nn.ModuleList(nn.Linear(d, e) for _ in range(4))
        self.back = nn.ModuleList(nn.Linear(e, d) for _ in range(2))
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 1024), nn.Linear(1024, d)
        self.value, self.patch_out = nn.Linear(d, d), nn.Linear(d, d)
        self.patch_up, self.patch_down = nn.Linear(d, 2048), nn.Linear(2048, d)

    def attention(self, q, k, v):
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def forward(self, v, l, pos, last):
        v, l = self.norms[0](v), self.norms[1](l)
        q, k, value_v, value_l = self.into[0](v), self.into[1](l), self.into[2](v), self.into[3](l)
        v = v + self.back[0](self.attention(q, k, value_l))
        l = l + self.back[1](self.attention(k, q, value_v))
        w, b = self.qkv.weight.chunk(3), self.qkv.bias.chunk(3)
        q, k = (F.linear(l + pos, w[i], b[i]) for i in range(2))
        l = self.norms[2](l + self.out(self.attention(q, k, F.linear(l, w[2], b[2]))))
        l = self.norms[3](l + self.down(self.up(l).relu()))
        if last:
            return v, l
        v = self.norms[4](v + self.patch_out(self.value(v)))
        return self.norms[5](v + self.patch_down(self.patch_up(v).relu())), l


def fuser():
    first, second = Fuser().eval(), Fuser().eval()
    v, l, pos = torch.randn(1, PATCHES, 4096), torch.randn(1, TOKENS, 4096), torch.randn(1, TOKENS, 4096)
    return lambda: second(*first(v, l, pos, False), pos, True)


PARTS = {"double": lambda: dit(1, 0), "single": lambda: dit(0, 1), "t5": t5, "fuser": fuser}


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(int(sys.argv[1]))
    name, run = None, None
    for line in sys.stdin:
        if line.strip() != name:
            name, run = line.strip(), None  # frees the last one first
            run = PARTS[name]()
            run()
        began = time.perf_counter()
        run()
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
