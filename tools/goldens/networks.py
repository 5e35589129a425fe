"""Inputs of each network and what the oracle makes of them, with the weights of the miniatures -> testdata of its package

python networks.py   (torch 2.6)

Inputs are random, of a fixed seed. Images are stored as our networks take them: channels last, levels of faces as U8.
"""
import torch
from safetensors.torch import save_file

import models

import checkpoint
import face
import flux
import sdxl
import vae


def normal(seed, *shape):
    """Numbers of few bits, which a compressed file is smaller for."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(torch.bfloat16).float()


def ids(seed, length, vocabulary, tokens):
    """[1,length]: a start, tokens, ends. The end has the largest id."""
    x = torch.randint(vocabulary - 2, (1, length), generator=torch.Generator().manual_seed(seed))
    x[0, 0], x[0, tokens:] = vocabulary - 2, vocabulary - 1
    return x


def faces(seed, n):
    """n pictures [n,3,112,112] of squares of two pixels: levels, and the numbers that they stand for."""
    x = torch.randint(256, (n, 3, 56, 56), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    return x, x.float() / 255


def last(x):
    """[B,C,h,w] -> [B,h,w,C]"""
    return x.permute(0, 2, 3, 1)


def save(path, **tensors):
    path = models.ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: (v.int() if v.dtype == torch.int64 else v).contiguous() for k, v in tensors.items()}, path)


def part(folder):
    return checkpoint.weights(folder), checkpoint.config(folder)


def mean_vit(function):
    """Runs function with a ViT that gives the mean of what it makes of several faces."""
    one = face.vit
    face.vit = lambda *a: tuple(y.mean(0, keepdim=True) for y in one(*a))
    try:
        return function()
    finally:
        face.vit = one


def clip(folders):
    w, c = part(folders["sdxl"] / "face_clip_encoder")
    x, out = ids(1, 77, c["text_l"]["vocab_size"], 30), {}
    for name in ("l", "g"):
        none = torch.zeros_like(x, dtype=torch.bool)
        text = c[f"text_{name}"]
        vector = torch.zeros(1, text["hidden_size"])
        out[f"{name}.hidden"] = sdxl.text_tower(x, none, vector, w, f"face_clip_{name}.", text)
    save("nn/clip/testdata/openclip.safetensors", ids=x, **out)
    w, c = part(folders["flux"] / "face_t5_encoder")
    x = ids(2, 77, c["clip"]["vocab_size"], 40)
    hidden = flux.clip_hidden(x, w, "encoder_1.text_model.", c["clip"])
    save("nn/clip/testdata/huggingface.safetensors", ids=x, hidden=hidden)


def t5(folders):
    """Longer than the distance from which all positions share a bias."""
    w, c = part(folders["flux"] / "face_t5_encoder")
    x = torch.randint(c["text"]["vocab_size"], (1, 150), generator=torch.Generator().manual_seed(3))
    x[0, 100:] = 0
    save("nn/t5/testdata/t5.safetensors", ids=x, hidden=flux.t5_encode(x, w, "encoder_2.t5_encoder.", c["text"]))


def vit(folders):
    w, c = part(folders["sdxl"] / "face_clip_encoder")
    c, (levels, x) = c["vision"], faces(4, 2)
    cls, patch = face.vit(x, w, "face_clip_g.face_encoder.", c["num_hidden_layers"], c["num_attention_heads"])
    out = {"class": cls[:1], "patch": patch[:1], "mean.class": cls.mean(0)[None], "mean.patch": patch.mean(0)[None]}
    save("nn/vit/testdata/vit.safetensors", faces=levels, **out)


def fuse(folders):
    """What enters is small, so that the epsilons of the first norms show."""
    w, c = part(folders["sdxl"] / "face_clip_encoder")
    text, text_pos = normal(5, 1, 9, 48) / 64, normal(6, 1, 9, 48)
    patches, patch_pos = normal(7, 1, 25, 48) / 256, normal(8, 1, 25, 48)
    fused = sdxl.fuse(text, text_pos, patches, patch_pos, w, "face_clip_g.fuser.encoder.", c["fuser"], 5)
    inputs = {"text": text, "text_pos": text_pos, "patches": patches, "patch_pos": patch_pos}
    save("nn/fuse/testdata/faceclip.safetensors", **inputs, fused=fused)
    w, c = part(folders["flux"] / "face_t5_encoder")
    text, text_pos, patches = normal(9, 1, 9, 64) / 64, normal(10, 1, 9, 64), normal(11, 1, 25, 64) / 256
    fused = flux.fuse(patches, text, text_pos, w, "encoder_2.fuser.encoder.", c["fuser"])
    save("nn/fuse/testdata/facet5.safetensors", text=text, text_pos=text_pos, patches=patches, fused=fused)


def decoders(folders):
    for system, folder in folders.items():
        w, c = part(folder / "vae")
        z = normal(12, 1, c["latent_channels"], 3, 5)
        image = vae.decode(z, w, c)
        save(f"nn/vae/testdata/{system}.safetensors", latent=last(z), image=last(image))


def encoder(folders):
    """A prompt whose token 4 gives way to the face of two pictures."""
    w, c = part(folders["sdxl"] / "face_clip_encoder")
    x, (levels, pictures) = ids(13, 77, c["text_l"]["vocab_size"], 20), faces(14, 2)
    replaced = torch.zeros_like(x, dtype=torch.bool)
    replaced[0, 4] = True
    stages = {}
    branches = [mean_vit(lambda: sdxl.branch(x, replaced, pictures, w, b, c, stages)) for b in ("l", "g")]
    context, pooled = torch.cat([b[0] for b in branches], -1), branches[1][1]
    save("faceclip/encoder/testdata/encoder.safetensors", ids=x, faces=levels, context=context, pooled=pooled)


def facet5(folders):
    w, c = part(folders["flux"] / "face_t5_encoder")
    x, y, (levels, pictures) = ids(15, 77, c["clip"]["vocab_size"], 20), torch.zeros(1, 512).long(), faces(16, 2)
    y[0, :32] = torch.randint(c["text"]["vocab_size"], (32,), generator=torch.Generator().manual_seed(17))
    v = c["vision"]
    patch = mean_vit(lambda: face.vit(
        pictures, w, "encoder_2.face_encoder.", v["num_hidden_layers"], v["num_attention_heads"]))[1]
    fused = flux.fuse(
        flux.linear(patch, w, "encoder_2.face_patch_proj."), flux.t5_encode(y, w, "encoder_2.t5_encoder.", c["text"]),
        w["encoder_2.positional_embedding"], w, "encoder_2.fuser.encoder.", c["fuser"])
    pooled = flux.clip_pooled(x, w, "encoder_1.text_model.", c["clip"])
    save("facet5/encoder/testdata/encoder.safetensors", clip=x, t5=y, faces=levels, first=fused[:, :64], pooled=pooled)


def unet(folders):
    """A batch of two; sides of the latent that halve to odd numbers, and do not at the last level. And with another norm_eps."""
    w, c = part(folders["sdxl"] / "unet")
    x, text, pooled = normal(18, 2, 4, 9, 10), normal(19, 2, 7, c["cross_attention_dim"]), normal(20, 2, 48)
    sizes = torch.tensor([[72, 80, 0, 0, 72, 80]] * 2)
    eps = sdxl.unet(x, 981, text, pooled, sizes, w, c)
    other = sdxl.unet(x, 981, text, pooled, sizes, w, c | {"norm_eps": 0.01})
    save("sdxl/testdata/unet.safetensors", latent=last(x), text=text, pooled=pooled, eps=last(eps), other=last(other))


def dit(folders):
    w, c = part(folders["flux"] / "transformer")
    x, text, pooled = normal(21, 1, 3 * 5, c["in_channels"]), normal(22, 1, 9, 64), normal(23, 1, 64)
    velocity = flux.dit(x, text, pooled, 832.0, (3, 5), w, c)
    save("flux/testdata/dit.safetensors", tokens=x, text=text, pooled=pooled, velocity=velocity)


def main(folders):
    for network in (clip, t5, vit, fuse, decoders, encoder, facet5, unet, dit):
        network(folders)


if __name__ == "__main__":
    models.with_models(main)
