"""A FaceCLIP-SDXL model folder with random weights: python make_sdxl.py OUT_DIR --size mini|holdout|full --seed S

The weights are scaled so that activations stay near 1, attention is far from uniform and every tensor matters.
`full` has the published sizes and CLIP's vocabulary: 9 GB on disk, 17 GB of memory while it is made.
"""
import argparse
import math
import pathlib

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

import checkpoint
import clip_bpe

# vision: width, layers, heads, classes. text: width, layers, heads. fuser: layers, image heads, image feed-forward
# width; text and bi-attention have half of these heads and widths, as in the reference.
SIZES = {
    "mini": dict(
        merges=400, vision=(24, 3, 8, 20), text_l=(24, 2, 2), text_g=(48, 3, 3), fuser=(6, 8, 64), groups=8,
        unet_channels=[16, 32, 48], unet_heads=[1, 2, 2], unet_layers=[1, 2, 2], size_dim=8,
        vae_channels=[16, 24, 32, 32],
    ),
    "holdout": dict(
        merges=523, vision=(54, 4, 6, 40), text_l=(80, 3, 5), text_g=(112, 4, 4), fuser=(4, 4, 96), groups=32,
        unet_channels=[64, 64, 128], unet_heads=[1, 1, 2], unet_layers=[1, 1, 2], size_dim=16,
        vae_channels=[32, 64, 64, 96],
    ),
    "full": dict(
        merges=None, vision=(768, 24, 8, 512), text_l=(768, 12, 12), text_g=(1280, 32, 20), fuser=(6, 8, 2048),
        groups=32, unet_channels=[320, 640, 1280], unet_heads=[5, 10, 20], unet_layers=[1, 2, 10], size_dim=256,
        vae_channels=[128, 256, 512, 512],
    ),
}
PUBLISHED_VOCABULARY = pathlib.Path(__file__).parents[2] / "internal/tokenizer/testdata/clip"

CORPUS = """\
Photo of a id person.
Photo of a id person. A portrait of a id person in the rain, an id photo, an id card on a table.
A woman wearing a blue denim shirt and khaki pants, on a rocky desert plateau.
A man with a red wool scarf and a grey coat, in a snowy street at night.
A girl reading a book under an old oak tree, soft morning light.
A boy playing the violin on a stage, warm light, shallow depth of field.
An old fisherman with a white beard, standing on a wooden pier.
A young woman in a yellow raincoat, holding a paper lantern.
A man in a dark suit and a thin tie, sitting at a desk in an office.
A woman with curly hair, wearing a green dress, in a garden full of flowers.
A chef in a white apron cutting vegetables in a kitchen.
An astronaut floating above the earth, the sun behind the helmet.
A doctor wearing a white coat and glasses, smiling at the camera.
A knight in silver armour riding a black horse, a castle in the background.
A dancer in a long red skirt, turning on a wooden floor.
A painter holding a brush, paint on the hands, a canvas behind.
A cyclist on a mountain road, wearing a blue helmet.
A singer at a microphone, purple and blue stage light.
A farmer in a straw hat, standing in a wheat field at sunset.
A student with a backpack, walking through a train station.
A pilot in a leather jacket beside a small plane.
A woman swimming in a clear lake, mountains in the distance.
A man drinking coffee at a window, rain on the glass.
A bride in a lace dress on the steps of a church.
A runner on a sandy beach, waves and seagulls.
A teacher writing on a blackboard, chalk dust in the light.
A gardener planting roses, a straw basket on the ground.
A woman wearing sunglasses and a denim jacket, in a city street.
A man with a short beard, wearing a black shirt, studio portrait.
A portrait of a queen with a golden crown and a velvet robe.
A portrait of a pirate with an eye patch, on the deck of a ship.
A portrait in the style of an oil painting, dark background.
A watercolour of a woman with a cat on her shoulder.
A pencil drawing of a man with a hat.
A photo of a person on a bridge over a river, autumn leaves.
A photo of a person in a library, shelves of books.
A photo of a person at a market, fruits and spices.
A photo of a person in front of a brick wall, 35mm film.
A photo of a person by a campfire, stars in the sky.
A close-up of a face, freckles, natural light, high detail.
She's wearing a white t-shirt, and he's got a cap; they're laughing.
It's raining, but they don't mind; we'll see the sun, I'm sure.
I've seen the sea, you'd love it, and we're not in a hurry.
nude, worst quality, low quality, normal quality, nsfw, abstract, glitch, deformed
mutated, ugly, disfigured, text, watermark, bad hands, error, jpeg artifacts, blurry
missing fingers, poorly drawn face, ugly eyes, imperfect eyes, deformed pupils, deformed iris, bad anatomy
blurry photo, low resolution, bad anatomy, extra fingers, watermark, text, error
best quality, high resolution, sharp focus, natural skin, detailed eyes
A woman standing in the desert, a rocky plateau, wide sky.
A man standing on a cliff, the sea below, strong wind.
A woman sitting on a bench in a park, yellow leaves.
A man sitting in a boat on a quiet lake at dawn.
A woman walking through a field of lavender, white dress.
A man walking a dog along the beach, footprints in the sand.
A woman holding a cup of tea, steam, a wool sweater.
A man holding an umbrella in a crowded street.
A woman wearing a red hat and a black coat, in the snow.
A man wearing khaki pants and a blue shirt, on a terrace.
A woman wearing a silk scarf, on a balcony above the old town.
A man wearing a grey hoodie, neon signs reflected in the puddles.
A child with a kite on a green hill, clouds.
A scientist in a laboratory, glass bottles, blue light.
A carpenter in a workshop, wood shavings on the floor.
A hiker on a mountain peak, fog in the valley.
A musician playing a guitar on the stairs of a house.
A waiter carrying a tray through a busy restaurant.
A photographer with a camera, on the roof of a building.
A baker taking bread out of a stone oven.
A sailor in a striped shirt, holding a rope.
A warrior with a painted face, feathers, a forest behind.
A robot and a person shaking hands, in a white room.
A superhero in a blue suit flying over the city at night.
A monk in an orange robe on the steps of a temple.
A cowboy leaning on a fence, dust in the evening light.
A woman in a wheelchair playing basketball in a bright hall.
A man cooking rice in a small kitchen, steam and warm light.
A grandmother knitting by the window, a cat on the chair.
A family at a picnic on the grass, blankets and fruits.
Two friends laughing on a bench, 1990s photo, grain, f/1.8.
A passport photo, an id document, number 1234567890.
""".splitlines()

SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler", "_diffusers_version": "0.19.0.dev0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": False, "interpolation_type": "linear",
    "num_train_timesteps": 1000, "prediction_type": "epsilon", "sample_max_value": 1.0, "set_alpha_to_one": False,
    "skip_prk_steps": True, "steps_offset": 1, "timestep_spacing": "leading", "trained_betas": None,
    "use_karras_sigmas": False,
}

MODEL_INDEX = {
    "_class_name": "FaceCLIPSDXLPipeline", "_diffusers_version": "0.33.1",
    "face_clip_encoder": ["faceclip", "FaceCLIPEncoder"], "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


# ---- configurations

def text_config(size, vocab_size, act):
    width, layers, heads = size
    return {
        "vocab_size": vocab_size, "max_position_embeddings": clip_bpe.LENGTH, "hidden_size": width,
        "intermediate_size": 4 * width, "num_hidden_layers": layers, "num_attention_heads": heads, "hidden_act": act,
    }


def encoder_config(size, vocab_size):
    width, layers, heads, classes = size["vision"]
    fuser_layers, fuser_heads, ff = size["fuser"]
    return {
        "_class_name": "FaceCLIPEncoder",
        "vision": {
            "image_size": 112, "patch_size": 9, "hidden_size": width, "num_hidden_layers": layers,
            "num_attention_heads": heads, "intermediate_size": 4 * width, "num_classes": classes,
        },
        "text_l": text_config(size["text_l"], vocab_size, "quick_gelu"),
        "text_g": text_config(size["text_g"], vocab_size, "gelu"),
        "fuser": {
            "num_hidden_layers": fuser_layers, "bi_attention_dim": ff // 2, "bi_attention_heads": fuser_heads // 2,
            "text_attention_heads": fuser_heads // 2, "text_intermediate_size": ff // 2,
            "image_attention_heads": fuser_heads, "image_points": 4, "image_intermediate_size": ff,
        },
    }


def unet_config(size):
    pooled = size["text_g"][0]
    return {
        "_class_name": "UNet2DConditionModel", "_diffusers_version": "0.19.0.dev0", "act_fn": "silu",
        "addition_embed_type": "text_time", "addition_embed_type_num_heads": 64,
        "addition_time_embed_dim": size["size_dim"], "attention_head_dim": size["unet_heads"],
        "block_out_channels": size["unet_channels"], "center_input_sample": False, "class_embed_type": None,
        "class_embeddings_concat": False, "conv_in_kernel": 3, "conv_out_kernel": 3,
        "cross_attention_dim": size["text_l"][0] + pooled, "cross_attention_norm": None,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], "downsample_padding": 1,
        "dual_cross_attention": False, "encoder_hid_dim": None, "encoder_hid_dim_type": None, "flip_sin_to_cos": True,
        "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "mid_block_only_cross_attention": None,
        "mid_block_scale_factor": 1, "mid_block_type": "UNetMidBlock2DCrossAttn", "norm_eps": 1e-05,
        "norm_num_groups": size["groups"], "num_attention_heads": None, "num_class_embeds": None,
        "only_cross_attention": False, "out_channels": 4,
        "projection_class_embeddings_input_dim": 6 * size["size_dim"] + pooled,
        "resnet_out_scale_factor": 1.0, "resnet_skip_time_act": False, "resnet_time_scale_shift": "default",
        "sample_size": 128, "time_cond_proj_dim": None, "time_embedding_act_fn": None, "time_embedding_dim": None,
        "time_embedding_type": "positional", "timestep_post_act": None,
        "transformer_layers_per_block": size["unet_layers"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "upcast_attention": None,
        "use_linear_projection": True,
    }


def vae_config(size):
    return {
        "_class_name": "AutoencoderKL", "_diffusers_version": "0.20.0.dev0", "act_fn": "silu",
        "block_out_channels": size["vae_channels"], "down_block_types": ["DownEncoderBlock2D"] * 4,
        "force_upcast": True, "in_channels": 3, "latent_channels": 4, "layers_per_block": 2,
        "norm_num_groups": size["groups"],
        "out_channels": 3, "sample_size": 1024, "scaling_factor": 0.13025, "up_block_types": ["UpDecoderBlock2D"] * 4,
    }


# ---- shapes of the face encoder's tensors

def affine(*names, out, inp=None, bias=True):
    """Shapes of weights [out,inp] (norms: [out]) with their biases."""
    shapes = {}
    for name in names:
        shapes[f"{name}.weight"] = (out,) if inp is None else (out, inp)
        if bias:
            shapes[f"{name}.bias"] = (out,)
    return shapes


def encoder_shapes(config):
    shapes = {}
    for name in ("l", "g"):
        text = config[f"text_{name}"]
        part = text_shapes(text) | glue_shapes(config["vision"], text["hidden_size"])
        part |= {f"face_encoder.{k}": s for k, s in vision_shapes(config["vision"]).items()}
        part |= {f"fuser.{k}": s for k, s in fuser_shapes(config["fuser"], text["hidden_size"]).items()}
        shapes |= {f"face_clip_{name}.{k}": s for k, s in part.items()}
    return shapes


def packed(name, d):
    shapes = {f"{name}.in_proj_weight": (3 * d, d), f"{name}.in_proj_bias": (3 * d,)}
    return shapes | affine(f"{name}.out_proj", out=d, inp=d)


def text_shapes(c):
    d, ff = c["hidden_size"], c["intermediate_size"]
    shapes = {
        "positional_embedding": (c["max_position_embeddings"], d), "text_projection": (d, d), "logit_scale": (),
        "logit_bias": (), "token_embedding.weight": (c["vocab_size"], d),
    } | affine("ln_final", out=d)
    for i in range(c["num_hidden_layers"]):
        b = f"transformer.resblocks.{i}."
        shapes |= affine(b + "ln_1", b + "ln_2", out=d) | packed(b + "attn", d)
        shapes |= affine(b + "mlp.c_fc", out=ff, inp=d) | affine(b + "mlp.c_proj", out=d, inp=ff)
    return shapes


def glue_shapes(vision, d):
    return (
        affine("proj1", out=d, inp=vision["num_classes"])
        | affine("face_patch_proj", "face_pos_proj", out=d, inp=vision["hidden_size"])
        | affine("text_embed_proj", "text_pos_proj", out=d, inp=d)
    )


def vision_shapes(c):
    d, ff, classes, patch = c["hidden_size"], c["intermediate_size"], c["num_classes"], c["patch_size"]
    tokens = (c["image_size"] // patch) ** 2
    shapes = {
        "pos_embed": (1, tokens, d), "mask_token": (1, 1, d), "patch_embed.proj.weight": (d, 3, patch, patch),
        "patch_embed.proj.bias": (d,),
    } | affine("norm", out=d)
    for i in range(c["num_hidden_layers"]):
        b = f"blocks.{i}."
        shapes |= affine(b + "norm1", b + "norm2", out=d) | affine(b + "attn.qkv", out=3 * d, inp=d, bias=False)
        shapes |= affine(b + "attn.proj", out=d, inp=d) | affine(b + "mlp.fc1", out=ff, inp=d)
        shapes |= affine(b + "mlp.fc2", out=d, inp=ff)
    shapes |= affine("feature.0", out=d, inp=tokens * d, bias=False)
    shapes |= affine("feature.2", out=classes, inp=d, bias=False)
    for name, n in (("feature.1", d), ("feature.3", classes)):
        shapes |= affine(name, out=n) | {f"{name}.running_mean": (n,), f"{name}.running_var": (n,)}
        shapes |= {f"{name}.num_batches_tracked": ()}
    return shapes


def fuser_shapes(c, d):
    bi, text_ff, image_ff = c["bi_attention_dim"], c["text_intermediate_size"], c["image_intermediate_size"]
    points = c["image_attention_heads"] * c["image_points"]
    shapes = affine("enc_output", out=d, inp=d) | affine("enc_output_norm", out=d)
    for i in range(c["num_hidden_layers"]):
        b = f"encoder.fusion_layers.{i}."
        shapes |= {b + "gamma_v": (d,), b + "gamma_l": (d,)} | affine(b + "layer_norm_v", b + "layer_norm_l", out=d)
        inward = ("v_proj", "l_proj", "values_v_proj", "values_l_proj")
        shapes |= affine(*(f"{b}attn.{n}" for n in inward), out=bi, inp=d)
        shapes |= affine(b + "attn.out_v_proj", b + "attn.out_l_proj", out=d, inp=bi)
        b = f"encoder.text_layers.{i}."
        shapes |= packed(b + "self_attn", d) | feed_forward_shapes(b, d, text_ff)
        b = f"encoder.layers.{i}."
        shapes |= affine(b + "self_attn.sampling_offsets", out=2 * points, inp=d)
        shapes |= affine(b + "self_attn.attention_weights", out=points, inp=d)
        shapes |= affine(b + "self_attn.value_proj", b + "self_attn.output_proj", out=d, inp=d)
        shapes |= feed_forward_shapes(b, d, image_ff)
    return shapes


def feed_forward_shapes(b, d, ff):
    shapes = affine(b + "linear1", out=ff, inp=d) | affine(b + "linear2", out=d, inp=ff)
    return shapes | affine(b + "norm1", b + "norm2", out=d)


# ---- random weights

# Gains over 1/sqrt(fan_in), by the end of the key. Without them six post-norm layers with near-uniform attention
# would make all 77 tokens alike, and the VAE's layers would vanish beside latents divided by 0.13025.
GAIN = {
    "proj1.weight": 3, "pos_proj.weight": 2, "attn.v_proj.weight": 2, "attn.l_proj.weight": 2,
    "attn.out_v_proj.weight": 0.8, "attn.out_l_proj.weight": 0.8, "self_attn.in_proj_weight": 2,
    "self_attn.out_proj.weight": 0.15, "linear2.weight": 0.5, "attn2.to_k.weight": 2, "post_quant_conv.weight": 0.05,
}


def random_tensor(key, shape, g):
    def normal(std):
        return torch.randn(shape, generator=g) * std

    def uniform():
        return torch.rand(shape, generator=g) + 0.5

    if key.endswith("num_batches_tracked"):
        return torch.tensor(1000)
    if "sampling_offsets" in key:  # several pixels, often beyond the edge of the grid
        return normal(3.0) if len(shape) == 1 else normal(1.5 / math.sqrt(shape[1]))
    if key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
        return uniform()
    if "gamma_" in key or key.endswith(("pos_embed", "positional_embedding", "token_embedding.weight", "mask_token")):
        return normal(0.5)
    if len(shape) < 2:
        return normal(0.1)
    gain = next((v for end, v in GAIN.items() if key.endswith(end)), 1.0)
    return normal(gain / math.sqrt(math.prod(shape[1:])))


def random_weights(shapes, g):
    return {k: random_tensor(k, s, g) for k, s in sorted(shapes.items())}


def module_shapes(kind, config):
    with torch.device("meta"):
        return {k: tuple(v.shape) for k, v in kind.from_config(config).state_dict().items()}


def make(folder, size, seed):
    folder = pathlib.Path(folder)
    g = torch.Generator().manual_seed(seed)
    vocab = clip_bpe.train(CORPUS, size["merges"]) if size["merges"] else clip_bpe.load(PUBLISHED_VOCABULARY)
    clip_bpe.save(folder / "tokenizer", vocab)
    checkpoint.save_json(folder / "model_index.json", MODEL_INDEX)
    checkpoint.save_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    config = encoder_config(size, len(vocab.ids))
    parts = (
        ("face_clip_encoder", "model.safetensors", config, encoder_shapes(config),
         torch.float32 if size["merges"] else torch.bfloat16),
        ("unet", "diffusion_pytorch_model.safetensors", unet_config(size),
         module_shapes(UNet2DConditionModel, unet_config(size)), torch.bfloat16),
        ("vae", "diffusion_pytorch_model.safetensors", vae_config(size),
         module_shapes(AutoencoderKL, vae_config(size)), torch.float16),
    )
    for name, file, config, shapes, dtype in parts:
        checkpoint.save_json(folder / name / "config.json", config)
        checkpoint.save(folder / name, file, random_weights(shapes, g), dtype)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out_dir")
    parser.add_argument("--size", choices=SIZES, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    make(args.out_dir, SIZES[args.size], args.seed)
