"""The face encoder for training: what tools/oracle/sdxl.py computes, over a dictionary of parameters by their keys in the
checkpoint, in a batch, with fast operations, and with batch norms that learn their statistics."""
import math

import torch
import torch.nn.functional as F

import sizes
from sizes import make_sdxl
from training import device

DEAD = ("text_projection", "logit_scale", "logit_bias", "mask_token", "num_batches_tracked", "enc_output")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
MOMENTUM = 0.02
FACE = "face_encoder."


# ---- parameters

def initial(key, shape):
    """A tensor to begin with. The last layers of residual branches begin small."""
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
        return torch.ones(shape)
    if "gamma_" in key:
        return torch.full(shape, 0.3)
    if key.endswith("sampling_offsets.bias"):
        return star(shape[0])
    if "sampling_offsets" in key or "attention_weights" in key:
        return torch.zeros(shape)
    if key.endswith(("pos_embed", "positional_embedding", "token_embedding.weight", "mask_token")):
        return torch.randn(shape) * 0.1
    if len(shape) < 2:
        return torch.zeros(shape)
    return torch.randn(shape) / math.sqrt(math.prod(shape[1:]))


def star(count):
    """Offsets of deformable attention: each head looks in a direction of its own, each point farther."""
    heads, points = sizes.SIZE["fuser"][1], 4
    angle = torch.arange(heads) * 2 * math.pi / heads
    ray = torch.stack([angle.cos(), angle.sin()], -1)[:, None] * (1 + torch.arange(points))[:, None]
    return ray.flatten()[:count].clone()


def parameters(vocabulary):
    """All tensors by key: those to be trained, and those that are not."""
    shapes = make_sdxl.encoder_shapes(sizes.encoder_config(vocabulary))
    tensors = {k: initial(k, s).to(device()) for k, s in shapes.items()}
    last = f"fuser.encoder.layers.{sizes.SIZE['fuser'][0] - 1}."
    fixed = {k: v for k, v in tensors.items() if any(d in k for d in (*DEAD, *STATISTICS, last))}
    trained = {k: v.requires_grad_() for k, v in tensors.items() if k not in fixed}
    return trained, fixed


# ---- networks

def linear(x, w, p):
    return F.linear(x, w[p + "weight"], w.get(p + "bias"))


def norm(x, w, p):
    return F.layer_norm(x.float(), x.shape[-1:], w[p + "weight"], w[p + "bias"], 1e-5)


def attention(q, k, v, n, mask=None):
    """[B,L,n*d]; written out, since scaled_dot_product_attention goes backward very slowly on a CPU."""
    q, k, v = (x.reshape(*x.shape[:2], n, -1).transpose(1, 2) for x in (q, k, v))
    s = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    if mask is not None:
        s = s + mask
    return (s.softmax(-1).to(v.dtype) @ v).transpose(1, 2).flatten(2)


def packed_attention(qk, v, w, p, n, mask=None):
    d = v.shape[-1]
    m, b = w[p + "in_proj_weight"], w[p + "in_proj_bias"]
    q, k = F.linear(qk, m[: 2 * d], b[: 2 * d]).chunk(2, -1)
    return linear(attention(q, k, F.linear(v, m[2 * d :], b[2 * d :]), n, mask), w, p + "out_proj.")


def batch_norm(x, w, p, learn):
    """learn: the rows whose mean and variance are used, and remembered; without it those that are remembered are used."""
    mean, var = w[p + "running_mean"], w[p + "running_var"]
    x = x.float()
    if learn is not None:
        seen = x[learn]
        with torch.no_grad():
            mean.lerp_(seen.mean(0), MOMENTUM)
            var.lerp_(seen.var(0), MOMENTUM)
        mean, var = seen.mean(0), seen.var(0, unbiased=False)
    return (x - mean) / torch.sqrt(var + 2e-5) * w[p + "weight"] + w[p + "bias"]


def vit(image, w, p, learn):
    """Faces [B,3,112,112] -> class tokens, patch tokens."""
    _, layers, heads, _ = sizes.SIZE["vision"]
    x = F.conv2d(image, w[p + "patch_embed.proj.weight"], w[p + "patch_embed.proj.bias"], stride=9)
    x = x.flatten(2).transpose(1, 2) + w[p + "pos_embed"]
    for i in range(layers):
        b = f"{p}blocks.{i}."
        q, k, v = linear(norm(x, w, b + "norm1."), w, b + "attn.qkv.").chunk(3, -1)
        x = x + linear(attention(q, k, v, heads), w, b + "attn.proj.")
        x = x + linear(linear(norm(x, w, b + "norm2."), w, b + "mlp.fc1.").clamp(0, 6), w, b + "mlp.fc2.")
    x = norm(x, w, p + "norm.")
    y = batch_norm(linear(x.flatten(1), w, p + "feature.0."), w, p + "feature.1.", learn)
    return batch_norm(linear(y, w, p + "feature.2."), w, p + "feature.3.", learn), x


def tower(ids, replaced, vector, w, p, size, act):
    """Hidden states [B,77,D]; vector stands at the replaced tokens."""
    _, layers, heads = size
    x = F.embedding(ids, w[p + "token_embedding.weight"])
    if vector is not None:
        x = torch.where(replaced[..., None], vector[:, None].float(), x)
    length = ids.shape[1]
    x = x + w[p + "positional_embedding"][:length]
    mask = torch.full((length, length), float("-inf"), device=x.device).triu(1)
    for i in range(layers):
        b = f"{p}transformer.resblocks.{i}."
        h = norm(x, w, b + "ln_1.")
        x = x + packed_attention(h, h, w, b + "attn.", heads, mask)
        x = x + linear(act(linear(norm(x, w, b + "ln_2."), w, b + "mlp.c_fc.")), w, b + "mlp.c_proj.")
    return norm(x, w, p + "ln_final.")


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


TOWERS = {"l": ("text_l", quick_gelu), "g": ("text_g", F.gelu)}


def pooled_of(hidden, ids):
    return hidden[torch.arange(len(ids), device=ids.device), ids.argmax(-1)]


def bi_attention(v, l, w, p, heads):
    v, l = norm(v, w, p + "layer_norm_v."), norm(l, w, p + "layer_norm_l.")
    q, k = linear(v, w, p + "attn.v_proj."), linear(l, w, p + "attn.l_proj.")
    dv = linear(attention(q, k, linear(l, w, p + "attn.values_l_proj."), heads), w, p + "attn.out_v_proj.")
    dl = linear(attention(k, q, linear(v, w, p + "attn.values_v_proj."), heads), w, p + "attn.out_l_proj.")
    return v + w[p + "gamma_v"] * dv, l + w[p + "gamma_l"] * dl


def feed_forward(x, w, p):
    return norm(x + linear(linear(x, w, p + "linear1.").relu(), w, p + "linear2."), w, p + "norm2.")


def text_layer(x, pos, w, p, heads):
    x = norm(x + packed_attention(x + pos, x, w, p + "self_attn.", heads), w, p + "norm1.")
    return feed_forward(x, w, p)


def deform_layer(x, pos, w, p, heads, points=4, grid=12):
    """Deformable attention: grid_sample with zeros outside and pixel centres is the same as picking corners."""
    B, L, D = x.shape
    a = p + "self_attn."
    value = linear(x, w, a + "value_proj.").float().transpose(1, 2).reshape(B * heads, D // heads, grid, grid)
    offset = linear(x + pos, w, a + "sampling_offsets.").float().reshape(B, L, heads, points, 2)
    weight = linear(x + pos, w, a + "attention_weights.").float().reshape(B, L, heads, points).softmax(-1)
    token = torch.arange(L, device=x.device)
    center = torch.stack([token % grid, token // grid], -1).float()[None, :, None, None]
    place = (2 * (center + offset) + 1) / grid - 1
    place = place.permute(0, 2, 1, 3, 4).reshape(B * heads, L, points, 2)
    found = F.grid_sample(value, place, align_corners=False)
    out = (found * weight.permute(0, 2, 1, 3).reshape(B * heads, 1, L, points)).sum(-1)
    out = out.reshape(B, D, L).transpose(1, 2)
    return feed_forward(norm(x + linear(out, w, a + "output_proj."), w, p + "norm1."), w, p)


def fuse(l, l_pos, v, v_pos, w, p):
    layers, heads, _ = sizes.SIZE["fuser"]
    for i in range(layers):
        v, l = bi_attention(v, l, w, f"{p}fusion_layers.{i}.", heads // 2)
        l = text_layer(l, l_pos, w, f"{p}text_layers.{i}.", heads // 2)
        if i + 1 < layers:
            v = deform_layer(v, v_pos, w, f"{p}layers.{i}.", heads)
    return l


def branch(name, ids, replaced, faces, w, learn):
    """One branch -> fused text [B,77,D], pooled text, class tokens."""
    p = f"face_clip_{name}."
    cls, patch = vit(faces, w, p + FACE, learn)
    vector = linear(F.normalize(cls, dim=-1), w, p + "proj1.")
    size, act = TOWERS[name]
    hidden = tower(ids, replaced, vector, w, p, sizes.SIZE[size], act)
    fused = fuse(
        linear(hidden, w, p + "text_embed_proj."), linear(w[p + "positional_embedding"], w, p + "text_pos_proj."),
        linear(patch, w, p + "face_patch_proj."), linear(w[p + FACE + "pos_embed"], w, p + "face_pos_proj."),
        w, p + "fuser.encoder.",
    )
    return fused, pooled_of(hidden, ids), cls


def encode(ids, replaced, faces, w, learn=None):
    """-> context [B,77,Dl+Dg], pooled [B,Dg], class tokens of both branches."""
    l, _, cls_l = branch("l", ids, replaced, faces, w, learn)
    g, pooled, cls_g = branch("g", ids, replaced, faces, w, learn)
    return torch.cat([l, g], -1).float(), pooled.float(), (cls_l, cls_g)


def is_matrix(key, p):
    """What is orthogonalized: hidden matrices, not embeddings."""
    others = ("embedding", "pos_embed", "patch_embed", "sampling_offsets", "attention_weights")
    return p.ndim >= 2 and not any(o in key for o in others)
