"""Compares sdxl.py with other people's implementations, stage by stage. Prints the largest differences.

python check_sdxl.py MODEL_DIR TRACE.safetensors FACE [--reference CHECKOUT [--real-size]]

diffusers runs its own SDXL pipeline on the model folder from the trace's context and noise. CHECKOUT is a clone of
bytedance/FaceCLIP: its encoder modules then get the folder's weights. --real-size also compares one L branch of the
published size with random weights (2 GB of memory, half a minute).
"""
import argparse
import gzip
import json
import pathlib
import sys
import tempfile
import types

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import CLIPTokenizer

import checkpoint
import clip_bpe
import face
import make_sdxl
import sdxl

REAL_L = {
    "vision": dict(image_size=112, patch_size=9, hidden_size=768, num_hidden_layers=24, num_attention_heads=8,
                   intermediate_size=3072, num_classes=512),
    "text_l": make_sdxl.text_config((768, 12, 12), 49408, "quick_gelu"),
    "fuser": dict(num_hidden_layers=6, bi_attention_dim=1024, bi_attention_heads=4, text_attention_heads=4,
                  text_intermediate_size=1024, image_attention_heads=8, image_points=4, image_intermediate_size=2048),
}


def report(name, ours, theirs):
    error = (ours - theirs).abs().max().item()
    print(f"{name:34s} max abs {error:.2e}  relative to std {error / max(theirs.std().item(), 1e-30):.2e}")


# ---- diffusers

def check_pipeline(folder, trace, request):
    """The official pipeline, float32, given our context, pooled text and noise; every latent and the image."""
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    scheduler = EulerDiscreteScheduler.from_pretrained(folder / "scheduler")
    pipe = StableDiffusionXLPipeline(vae, None, None, None, None, unet, scheduler, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    guided = request["guidance"] > 1
    latents, eps = [], []

    def step_end(_, i, t, kept):
        latents.append(kept["latents"].clone())
        return {}

    unet.register_forward_hook(lambda m, a, out: eps.append(out[0].clone()))
    decoded = []
    decode = vae.decode
    vae.decode = lambda *a, **k: decoded.append(decode(*a, **k)[0]) or (decoded[-1],)
    image = pipe(
        prompt_embeds=trace["context"][-1:], pooled_prompt_embeds=trace["pooled"][-1:],
        negative_prompt_embeds=trace["context"][:1] if guided else None,
        negative_pooled_prompt_embeds=trace["pooled"][:1] if guided else None,
        latents=trace["noise"].clone(), num_inference_steps=request["steps"], guidance_scale=request["guidance"],
        height=request["height"], width=request["width"], output_type="pt", callback_on_step_end=step_end,
    ).images
    report("timesteps", trace["timesteps"], scheduler.timesteps.float())
    report("sigmas", trace["sigmas"], scheduler.sigmas)
    if guided:
        report("UNet step 0, negative", trace["eps_negative.00"], eps[0][:1])
        report("UNet step 0, positive", trace["eps_positive.00"], eps[0][1:])
    else:
        report("UNet step 0", trace["eps.00"], eps[0])
    for i, latent in enumerate(latents):
        report(f"latent after step {i + 1}", trace[f"latent.{i + 1:02d}"], latent)
    report("decoded", trace["decoded"], decoded[0])
    theirs = (image[0].permute(1, 2, 0) * 255).round().byte()
    print(f"image: {(theirs != trace['image']).sum().item()} of {theirs.numel()} bytes differ")


def check_noise(trace, request):
    torch.manual_seed(request["seed"])
    theirs = torch.randn(trace["noise"].shape, dtype=torch.bfloat16).float()
    print("noise equals torch.randn in bfloat16:", torch.equal(trace["noise"], theirs))


def check_tokenizer(folder, request):
    vocab = clip_bpe.load(folder / "tokenizer")
    theirs = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    texts = [request["prompt"], request["negative"], *make_sdxl.CORPUS]
    ids = theirs(texts, padding="max_length", max_length=77, truncation=True).input_ids
    same = [a == clip_bpe.hf_ids(t, vocab) for a, t in zip(ids, texts)]
    print(f"CLIPTokenizer: {sum(same)} of {len(same)} texts agree")


# ---- the reference's encoder

def import_reference(checkout):
    """The reference's face_clip module; its CUDA extension is absent, so deformable attention takes the fallback."""
    sys.path[:0] = [str(checkout), str(checkout / "core" / "face_clip" / "GroundingDINO")]
    import core.face_clip.face_clip as reference

    reference.TextImageBranch._init_text_tower_from_pretrained = lambda *a: None
    return reference


def reference_tokenizer(folder):
    """The reference's SimpleTokenizer on our vocabulary, which it reads from a gzip file of merges."""
    from core.face_clip.open_clip.tokenizer import SimpleTokenizer

    merges = clip_bpe.read(folder, "merges.txt").strip()
    with tempfile.NamedTemporaryFile(suffix=".gz") as f:
        f.write(gzip.compress(merges.encode("utf-8")))
        f.flush()
        return SimpleTokenizer(bpe_path=f.name)


def reference_branch(reference, w, name, config, tokenizer):
    """A TextImageBranch of the sizes in config, holding our weights."""
    vision, text, fuser = config["vision"], config[f"text_{name}"], config["fuser"]
    from core.face_clip.face_vit.vit import VisionTransformer

    vit = VisionTransformer(
        img_size=vision["image_size"], patch_size=vision["patch_size"], num_classes=vision["num_classes"],
        embed_dim=vision["hidden_size"], depth=vision["num_hidden_layers"], num_heads=vision["num_attention_heads"],
    )
    sizes = {
        "text_cfg": {
            "context_length": text["max_position_embeddings"], "vocab_size": text["vocab_size"],
            "width": text["hidden_size"], "heads": text["num_attention_heads"], "layers": text["num_hidden_layers"],
        },
        "quick_gelu": text["hidden_act"] == "quick_gelu",
    }
    make_fuser = reference.TextFaceEmbeddingFuser
    patched = {
        "get_model_config": lambda _: sizes, "get_tokenizer": lambda _: tokenizer,
        "VisionTransformer": types.SimpleNamespace(from_pretrained=lambda _: vit),
        "TextFaceEmbeddingFuser": lambda **k: make_fuser(**k | {
            "nhead": fuser["image_attention_heads"], "num_encoder_layers": fuser["num_hidden_layers"],
            "dim_feedforward": fuser["image_intermediate_size"],
        }),
    }
    saved = {k: getattr(reference, k) for k in patched}
    vars(reference).update(patched)
    module = reference.TextImageBranch(
        text_embed_dim=text["hidden_size"], init_logit_bias=-10, cast_dtype="torch.float32", text_model_name=""
    ).eval()
    vars(reference).update(saved)
    p = f"face_clip_{name}."
    module.load_state_dict({k.removeprefix(p): v for k, v in w.items() if k.startswith(p)}, strict=True)
    return module


def check_branch(module, name, config, w, vocab, pixels, prompts):
    """One branch on a batch of (face, prompt) and (no face, prompt), each of ours run alone."""
    black = torch.zeros_like(pixels)
    theirs, pooled = module([pixels[0], black[0]], torch.tensor([True, False]), list(prompts))
    for i, image in enumerate((pixels, None)):
        text = f"{sdxl.ID_PROMPT} {prompts[0]}" if i == 0 else prompts[1]
        ids = torch.tensor([clip_bpe.faceclip_ids(text, vocab)])
        replaced = sdxl.id_positions(ids, vocab) if i == 0 else torch.zeros_like(ids, dtype=torch.bool)
        stages = {}
        ours, our_pooled = sdxl.branch(ids, replaced, pixels if i == 0 else black, w, name, config, stages)
        label = f"{name.upper()} {'with face' if i == 0 else 'no face'}"
        out = module.face_encoder(pixels if i == 0 else black, dtype=torch.float32)
        report(f"{label}: ViT class", stages[f"vit_{name}.class"], out["class_token"])
        report(f"{label}: ViT patches", stages[f"vit_{name}.patch"], out["patch_token"])
        report(f"{label}: pooled", our_pooled[0], pooled[i])
        report(f"{label}: fused", ours[0], theirs[i])


def check_encoder(reference, folder, trace, request, photo):
    bf16 = face.to_tensor(photo).to(torch.bfloat16)
    theirs = F.interpolate(bf16, size=(112, 112), mode="bilinear", align_corners=False).float()
    differing = (theirs != face.resize(bf16.float(), 112)).sum().item()
    print(f"resize: {differing} of {theirs.numel()} values differ from torch in bfloat16")
    part = folder / "face_clip_encoder"
    w, config = checkpoint.weights(part), checkpoint.config(part)
    vocab, tokenizer = clip_bpe.load(folder / "tokenizer"), reference_tokenizer(folder / "tokenizer")
    texts = [request["prompt"], request["negative"], *make_sdxl.CORPUS, "<end_of_text> &amp;amp; Café 42"]
    same = [tokenizer([t])[0].tolist() == clip_bpe.faceclip_ids(t, vocab) for t in texts]
    print(f"reference tokenizer: {sum(same)} of {len(same)} texts agree")
    parts = []
    for name in ("l", "g"):
        module = reference_branch(reference, w, name, config, tokenizer)
        check_branch(module, name, config, w, vocab, trace["positive.face"], (request["prompt"], request["negative"]))
        parts.append(module([trace["positive.face"][0]], torch.tensor([True]), [request["prompt"]]))
    report("context of the trace", trace["context"][-1:], torch.cat([p[0] for p in parts], -1))
    report("pooled of the trace", trace["pooled"][-1:], parts[-1][1])


def check_real_size(reference, trace, request):
    vocabulary = make_sdxl.PUBLISHED_VOCABULARY
    shapes = make_sdxl.encoder_shapes(REAL_L | {"text_g": make_sdxl.text_config((8, 1, 8), 1, "gelu")})
    shapes = {k: s for k, s in shapes.items() if k.startswith("face_clip_l.")}
    w = make_sdxl.random_weights(shapes, torch.Generator().manual_seed(5))
    module = reference_branch(reference, w, "l", REAL_L, reference_tokenizer(vocabulary))
    prompts = request["prompt"], request["negative"]
    check_branch(module, "l", REAL_L, w, clip_bpe.load(vocabulary), trace["positive.face"], prompts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir", type=pathlib.Path)
    parser.add_argument("trace")
    parser.add_argument("face")
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--real-size", action="store_true")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    trace = load_file(args.trace)
    with safe_open(args.trace, "pt") as f:
        request = json.loads(f.metadata()["request"])
    check_noise(trace, request)
    check_tokenizer(args.model_dir, request)
    check_pipeline(args.model_dir, trace, request)
    if args.reference:
        reference = import_reference(args.reference.resolve())
        check_encoder(reference, args.model_dir, trace, request, Image.open(args.face))
        if args.real_size:
            print("published L size:")
            check_real_size(reference, trace, request)


if __name__ == "__main__":
    main()
