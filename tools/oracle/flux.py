"""FaceT5-FLUX from a model folder to an image, in float32, with every stage kept.

Two effects of the reference's bfloat16 run are kept because they change the result beyond rounding: the latent noise is
drawn in bfloat16, and the timestep that the transformer sees is rounded to bfloat16 three times.
"""
import math
import pathlib

import ftfy
import numpy as np
import safetensors
import sentencepiece
import torch
import torch.nn.functional as F
import transformers
from PIL import Image

import command
import face
import vae
from checkpoint import config, weights
from ops import attention, causal, gelu_tanh, layer_norm, linear, quick_gelu, rms_norm, silu, sinusoid

NEGATIVE = (
    "digital painting, 3d render, CGI, cartoon, anime, unreal, stylized, overexposed, glossy skin, wearing mask, "
    "looking away from the camera, wearing glasses, wearing sunglasses, nude, worst quality, low quality, "
    "normal quality, nsfw, abstract, glitch, deformed, mutated, ugly, disfigured, text, watermark, bad hands, error, "
    "jpeg artifacts, blurry, missing fingers, poorly drawn face, ugly eyes, imperfect eyes, deformed pupils, "
    "deformed iris, bad anatomy"
)
EMBEDDED_GUIDANCE = 1.0
LIBRARIES = torch, transformers, sentencepiece, ftfy, safetensors  # whose versions a trace names


# ---------------------------------------------------------------- prompt


def token_ids(tokenizer, text, length):
    return torch.tensor([tokenizer(text, max_length=length, padding="max_length", truncation=True).input_ids])


def clip_hidden(ids, w, p, c):
    """CLIP text model, ids [1,L] -> [1,L,D], after the final norm."""
    assert c["hidden_act"] == "quick_gelu"
    x = w[p + "embeddings.token_embedding.weight"][ids]
    x = x + w[p + "embeddings.position_embedding.weight"][: ids.shape[1]]
    for i in range(c["num_hidden_layers"]):
        b = f"{p}encoder.layers.{i}."
        h = layer_norm(x, w, b + "layer_norm1.")
        q, k, v = (linear(h, w, f"{b}self_attn.{m}_proj.") for m in "qkv")
        o = attention(q, k, v, c["num_attention_heads"], bias=causal(ids.shape[1]))
        x = x + linear(o, w, b + "self_attn.out_proj.")
        h = quick_gelu(linear(layer_norm(x, w, b + "layer_norm2."), w, b + "mlp.fc1."))
        x = x + linear(h, w, b + "mlp.fc2.")
    return layer_norm(x, w, p + "final_layer_norm.")


def clip_pooled(ids, w, p, c):
    """[1,D]: the state of the first token with the largest id (the EOT)."""
    return clip_hidden(ids, w, p, c)[:, int(np.argmax(ids[0].numpy()))]


def relative_buckets(n, buckets, max_distance):
    """[n,n] bucket of (query i, key j). Keys after the query use the upper half; far distances share log buckets."""
    offset = torch.arange(n)[None, :] - torch.arange(n)[:, None]
    distance, half = offset.abs(), buckets // 2
    near = half // 2
    log = torch.log(distance.clamp(min=1).float() / near) / math.log(max_distance / near)
    far = (near + (log * (half - near)).long()).clamp(max=half - 1)
    return (offset > 0) * half + torch.where(distance < near, distance, far)


def t5_encode(ids, w, p, c):
    """T5 encoder, ids [1,L] -> [1,L,D]. No mask (padding takes part), no 1/sqrt(d); one bias table for all layers."""
    n = c["num_heads"]
    table = w[p + "block.0.self_attention_layer.self_attention.pe_encoding.relative_attention_bias.weight"]
    buckets = relative_buckets(
        ids.shape[1], c["relative_attention_num_buckets"], c["relative_attention_max_distance"])
    bias = table[buckets].permute(2, 0, 1)[None]
    x = w[p + "embed_tokens.weight"][ids]
    for i in range(c["num_layers"]):
        b = f"{p}block.{i}.self_attention_layer."
        h = rms_norm(x, w[b + "layer_norm.weight"])
        q, k, v = (linear(h, w, f"{b}self_attention.W{m}.") for m in "qkv")
        x = x + linear(attention(q, k, v, n, scale=1, bias=bias), w, b + "self_attention.o.")
        b = f"{p}block.{i}.ff_layer."
        h = rms_norm(x, w[b + "layer_norm.weight"])
        x = x + linear(gelu_tanh(linear(h, w, b + "act.wi_0.")) * linear(h, w, b + "act.wi_1."), w, b + "wo.")
    return rms_norm(x, w[p + "final_layer_norm.weight"])


def image_layer(x, w, p):
    """Fuser layer over the face patches [1,L,D].

    The reference attends over the batch axis and ignores its positions. With one prompt each softmax has one entry,
    so the attention is the value projection.
    """
    d, a = x.shape[-1], p + "self_attn."
    v = F.linear(x, w[a + "in_proj_weight"][2 * d :], w[a + "in_proj_bias"][2 * d :])
    return face.feed_forward(layer_norm(x + linear(v, w, a + "out_proj."), w, p + "norm1."), w, p)


def fuse(v, l, pos, w, p, c):
    """Face patches v [1,Nv,D] into text l [1,Nl,D]; the face side of the last layer has no effect on the text."""
    for i in range(c["num_hidden_layers"]):
        v, l = face.bi_attention(v, l, w, f"{p}fusion_layers.{i}.", c["bi_attention_heads"])
        l = face.text_layer(l, pos, w, f"{p}text_layers.{i}.", c["text_attention_heads"])
        v = image_layer(v, w, f"{p}layers.{i}.")
    return l


def encode(image, text, tokenizers, w, c):
    """Stages of one prompt. image [1,3,h,w] in [0,1] -> dict with `clip.pooled` and `fused` among others."""
    clip_ids = token_ids(tokenizers[0], text, c["clip"]["max_position_embeddings"])
    t5_ids = token_ids(tokenizers[1], text, c["text"]["max_length"])
    small = face.resize(image, c["vision"]["image_size"])
    vision = c["vision"]
    _, patch = face.vit(small, w, "encoder_2.face_encoder.", vision["num_hidden_layers"], vision["num_attention_heads"])
    hidden = t5_encode(t5_ids, w, "encoder_2.t5_encoder.", c["text"])
    v = linear(patch, w, "encoder_2.face_patch_proj.")
    return {
        "clip_ids": clip_ids.int(),
        "t5_ids": t5_ids.int(),
        "face": small,
        "vit.patch": patch,
        "clip.pooled": clip_pooled(clip_ids, w, "encoder_1.text_model.", c["clip"]),
        "t5.hidden": hidden,
        "fused": fuse(v, hidden, w["encoder_2.positional_embedding"], w, "encoder_2.fuser.encoder.", c["fuser"]),
    }


# ---------------------------------------------------------------- transformer


def rope(ids, axes):
    """ids [L,A] -> cos, sin [L,1,sum(axes)/2]; angles in float64."""
    angle = []
    for a, d in enumerate(axes):
        omega = 10000.0 ** -(torch.arange(0, d, 2, dtype=torch.float64, device=ids.device) / d)
        angle.append(ids[:, a : a + 1].double() * omega)
    angle = torch.cat(angle, -1)[:, None]
    return angle.cos().float(), angle.sin().float()


def rotate(x, cos, sin):
    """Rotates the neighbouring channel pairs of x [B,L,H,d]; returns [B,L,H*d]."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(2)


def query_or_key(x, w, p, norm):
    """Projection, then RMSNorm of each head: [B,L,D] -> [B,L,H,d]."""
    g = w[norm + "weight"]
    x = linear(x, w, p)
    return rms_norm(x.reshape(*x.shape[:2], -1, len(g)), g)


def modulation(c, w, p, parts):
    return linear(silu(c), w, p)[:, None].chunk(parts, -1)


def modulated(x, shift, scale):
    return layer_norm(x, eps=1e-6) * (1 + scale) + shift


def mlp(x, w, p):
    return linear(gelu_tanh(linear(x, w, p + "net.0.proj.")), w, p + "net.2.")


def embed(x, w, p):
    p = "time_text_embed." + p
    return linear(silu(linear(x, w, p + "linear_1.")), w, p + "linear_2.")


def double_block(x, e, c, turn, w, p, n):
    """Image x and text e keep weights of their own and share one attention; text comes first in it."""
    mx, me = modulation(c, w, p + "norm1.linear.", 6), modulation(c, w, p + "norm1_context.linear.", 6)
    nx, ne = modulated(x, *mx[:2]), modulated(e, *me[:2])
    a = p + "attn."
    q, k = (
        rotate(torch.cat([
            query_or_key(ne, w, f"{a}add_{m}_proj.", f"{a}norm_added_{m}."),
            query_or_key(nx, w, f"{a}to_{m}.", f"{a}norm_{m}."),
        ], 1), *turn)
        for m in "qk"
    )
    v = torch.cat([linear(ne, w, a + "add_v_proj."), linear(nx, w, a + "to_v.")], 1)
    o = attention(q, k, v, n)
    x = x + mx[2] * linear(o[:, e.shape[1] :], w, a + "to_out.0.")
    e = e + me[2] * linear(o[:, : e.shape[1]], w, a + "to_add_out.")
    x = x + mx[5] * mlp(modulated(x, *mx[3:5]), w, p + "ff.")
    e = e + me[5] * mlp(modulated(e, *me[3:5]), w, p + "ff_context.")
    return x, e


def single_block(x, c, turn, w, p, n):
    """Attention and MLP read the same normed input and leave through one projection."""
    shift, scale, gate = modulation(c, w, p + "norm.linear.", 3)
    h = modulated(x, shift, scale)
    q, k = (rotate(query_or_key(h, w, f"{p}attn.to_{m}.", f"{p}attn.norm_{m}."), *turn) for m in "qk")
    o = attention(q, k, linear(h, w, p + "attn.to_v."), n)
    return x + gate * linear(torch.cat([o, gelu_tanh(linear(h, w, p + "proj_mlp."))], -1), w, p + "proj_out.")


def dit(x, text, pooled, t, grid, w, c):
    """Velocity of packed latents x [1,rows*cols,64] at timestep t (0..1000)."""
    n, rows, cols = c["num_attention_heads"], *grid
    token = torch.arange(rows * cols, device=x.device)
    image_ids = torch.stack([0 * token, token // cols, token % cols], -1)
    ids = torch.cat([torch.zeros(text.shape[1], 3, dtype=torch.long, device=x.device), image_ids])
    turn = rope(ids, c.get("axes_dims_rope", (16, 56, 56)))
    s = embed(sinusoid(torch.tensor([t], device=x.device), 256), w, "timestep_embedder.")
    if c["guidance_embeds"]:
        s = s + embed(sinusoid(torch.tensor([1000 * EMBEDDED_GUIDANCE], device=x.device), 256), w, "guidance_embedder.")
    s = s + embed(pooled, w, "text_embedder.")
    x, e = linear(x, w, "x_embedder."), linear(text, w, "context_embedder.")
    for i in range(c["num_layers"]):
        x, e = double_block(x, e, s, turn, w, f"transformer_blocks.{i}.", n)
    x = torch.cat([e, x], 1)
    for i in range(c["num_single_layers"]):
        x = single_block(x, s, turn, w, f"single_transformer_blocks.{i}.", n)
    scale, shift = modulation(s, w, "norm_out.linear.", 2)
    return linear(modulated(x[:, text.shape[1] :], shift, scale), w, "proj_out.")


# ---------------------------------------------------------------- sampling


def schedule(steps, tokens, c):
    """Sigmas [steps+1], ending in 0, of the flow-matching Euler scheduler with its token-dependent shift."""
    assert c["use_dynamic_shifting"] and c["num_train_timesteps"] == 1000
    slope = (c["max_shift"] - c["base_shift"]) / (c["max_image_seq_len"] - c["base_image_seq_len"])
    mu = tokens * slope + (c["base_shift"] - slope * c["base_image_seq_len"])
    s = np.linspace(1, 1 / steps, steps).astype(np.float32)
    sigma = math.exp(mu) / (math.exp(mu) + (1 / s - 1))
    return torch.cat([torch.from_numpy(sigma), torch.zeros(1)])


def effective_timesteps(sigmas):
    """What the transformer's sinusoid sees in the bfloat16 pipeline: t, t/1000 and 1000*(t/1000) are each rounded."""
    t = (1000 * sigmas[:-1]).to(torch.bfloat16)
    return ((t / 1000) * 1000).float()


def pack(x):
    """[1,C,2r,2k] -> [1,r*k,4C]; channel c*4 + dy*2 + dx."""
    B, C, h, w = x.shape
    return x.reshape(B, C, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(B, h // 2 * (w // 2), 4 * C)


def unpack(x, rows, cols):
    B, _, C = x.shape
    return x.reshape(B, rows, cols, C // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(B, C // 4, 2 * rows, 2 * cols)


def sample(positive, negative, request, w, c, scheduler, trace):
    """The loop: two forward calls a step, v = negative + guidance * (positive - negative). Returns packed latents."""
    rows, cols = request["height"] // 16, request["width"] // 16
    generator = torch.Generator().manual_seed(request["seed"])
    shape = (1, c["in_channels"] // 4, 2 * rows, 2 * cols)
    noise = torch.randn(shape, generator=generator, dtype=torch.bfloat16).float()
    sigmas = schedule(request["steps"], rows * cols, scheduler)
    timesteps = effective_timesteps(sigmas)
    trace.update({"noise": noise, "sigmas": sigmas, "timesteps": timesteps})
    x = trace["latent.00"] = pack(noise)
    for i, t in enumerate(timesteps.tolist()):
        v = dit(x, positive["fused"], positive["clip.pooled"], t, (rows, cols), w, c)
        if i == 0:
            trace["velocity_positive.00"] = v
        if negative:
            u = dit(x, negative["fused"], negative["clip.pooled"], t, (rows, cols), w, c)
            if i == 0:
                trace["velocity_negative.00"] = u
            v = u + request["guidance"] * (v - u)
        trace[f"velocity.{i:02d}"] = v
        x = trace[f"latent.{i + 1:02d}"] = x + (sigmas[i + 1] - sigmas[i]) * v
    return x


def run(model_dir, request):
    """request: face (path or None), prompt, negative, seed, steps, guidance, width, height -> (stages, image [H,W,3] uint8).

    Without a face the prompt is encoded with a zero image, as the negative one is.
    With guidance at 1 or below the negative prompt is not used at all: no `negative.` stages, one forward call a step.
    """
    if request["width"] % 16 or request["height"] % 16:
        raise ValueError(f"width and height must be multiples of 16, not {request['width']}x{request['height']}")
    model_dir = pathlib.Path(model_dir)
    tokenizers = (
        transformers.CLIPTokenizer.from_pretrained(model_dir / "tokenizer"),
        transformers.T5TokenizerFast.from_pretrained(model_dir / "tokenizer_2"),  # rebuilt from spiece.model
    )
    encoder, c = weights(model_dir / "face_t5_encoder"), config(model_dir / "face_t5_encoder")
    size = c["vision"]["image_size"]
    image = face.to_tensor(Image.open(request["face"])) if request.get("face") else torch.zeros(1, 3, size, size)
    positive = encode(image, request["prompt"], tokenizers, encoder, c)
    negative = None
    if request["guidance"] > 1:
        negative = encode(torch.zeros_like(image), request["negative"], tokenizers, encoder, c)
    trace = {"positive." + k: v for k, v in positive.items()}
    trace.update({"negative." + k: v for k, v in (negative or {}).items()})

    x = sample(positive, negative, request, weights(model_dir / "transformer"), config(model_dir / "transformer"),
               config(model_dir / "scheduler", "scheduler_config.json"), trace)
    trace["latent"] = x
    c = config(model_dir / "vae")
    z = unpack(x, request["height"] // 16, request["width"] // 16) / c["scaling_factor"] + c["shift_factor"]
    trace["decoded"] = vae.decode(z, weights(model_dir / "vae"), c)
    trace["image"] = vae.to_uint8(trace["decoded"])
    return trace, trace["image"].numpy()


if __name__ == "__main__":
    command.main(__doc__, run, NEGATIVE, 3.5, LIBRARIES)  # the embedded guidance is always 1
