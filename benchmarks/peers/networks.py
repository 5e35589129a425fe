"""The three networks in PyTorch, with the weights of a model's folder, and the inputs that all peers get.

Files hold images channels last; networks here take and give them channels first, as PyTorch does.
"""
import json
import pathlib
import sys

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

STEP, SIDE = 500, 512  # a noise level in the middle; the size of the picture
RESULTS = {"unet": ("eps",), "decoder": ("picture",), "encoder": ("context", "pooled")}


def load(name, work, dtype=torch.float32):
    """A network, in evaluation, and the tuple of its inputs."""
    network = {"unet": unet, "decoder": decoder, "encoder": encoder}[name](pathlib.Path(work) / "model", dtype)
    return network.eval(), inputs(name, work, dtype)


def inputs(name, work, dtype=torch.float32):
    data = load_file(pathlib.Path(work) / "inputs.safetensors")
    if name == "unet":
        return first(data["x"]).to(dtype), data["text"].to(dtype), data["pooled"].to(dtype)
    if name == "decoder":
        return (first(data["z"]).to(dtype),)
    return data["ids"].long()[None], data["replaced"].bool()[None], data["face"][None]


def results(name, outputs):
    """The outputs of a network as files hold them."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return {k: last(v.float()) for k, v in zip(RESULTS[name], outputs, strict=True)}


def first(x):
    return x.permute(0, 3, 1, 2).contiguous()


def last(x):
    return x.permute(0, 2, 3, 1).contiguous() if x.ndim == 4 else x.contiguous()


class UNet(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, text, pooled):
        sizes = torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 2, dtype=torch.float32)
        added = {"text_embeds": pooled, "time_ids": sizes}
        return self.net(x, torch.tensor(STEP), text, added_cond_kwargs=added, return_dict=False)[0]


def unet(model, dtype):
    with torch.device("meta"):
        net = UNet2DConditionModel.from_config(config(model / "unet"))
    net.load_state_dict(dict(weights(model / "unet", dtype)), assign=True)
    return UNet(net)


class Decoder(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, z):
        return self.decoder(self.post_quant_conv(z))


def decoder(model, dtype):
    sizes = {k: v for k, v in config(model / "vae").items() if v is not None}
    levels = len(sizes["block_out_channels"])
    with torch.device("meta"):
        net = Decoder(AutoencoderKL.from_config(sizes | {
            "down_block_types": ["DownEncoderBlock2D"] * levels, "up_block_types": ["UpDecoderBlock2D"] * levels}))
    net.load_state_dict(dict(weights(model / "vae", dtype)), assign=True)
    return net


class Encoder(nn.Module):
    """FaceCLIP's encoder as tools/oracle writes it, with the fused operations of PyTorch."""

    def __init__(self, model, dtype):
        super().__init__()
        self.oracle, self.config = oracle(), config(model / "face_clip_encoder")
        for key, value in weights(model / "face_clip_encoder", dtype):
            self.register_buffer(key.replace(".", "/"), value)

    def forward(self, ids, replaced, face):
        w = {key.replace("/", "."): value for key, value in self.named_buffers()}
        branches = [self.oracle.branch(ids, replaced, face, w, name, self.config, {}) for name in "lg"]
        return torch.cat([fused for fused, _ in branches], -1), branches[1][1]


def encoder(model, dtype):
    return Encoder(model, dtype)


def oracle():
    """The module of the oracle, whose operations written out for reading are replaced by PyTorch's own."""
    sys.path.append(str(pathlib.Path(__file__).parents[2] / "tools/oracle"))
    import face
    import ops
    import sdxl

    def layer_norm(x, w, p, eps=1e-5):
        return nn.functional.layer_norm(x, x.shape[-1:], w[p + "weight"], w[p + "bias"], eps)

    def attention(q, k, v, n, bias=None):
        q, k, v = (ops.heads(t, n) for t in (q, k, v))
        mask = None if bias is None else bias.to(q.dtype)
        return nn.functional.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2)

    for module in (ops, face, sdxl):
        module.layer_norm, module.attention = layer_norm, attention
    sdxl.ACTIVATION["gelu"] = nn.functional.gelu
    return sdxl


def config(folder):
    return json.loads((folder / "config.json").read_text())


def weights(folder, dtype):
    """Names and tensors. The file is mapped for a few at a time, so that it does not count as memory of the peer."""
    (file,) = folder.glob("*.safetensors")
    with safe_open(file, "pt") as f:
        names = list(f.keys())
    for i in range(0, len(names), 32):
        with safe_open(file, "pt") as f:
            for name in names[i : i + 32]:
                value = f.get_tensor(name)
                yield name, value.to(dtype, copy=True) if value.is_floating_point() else value.clone()
