"""The noise of training, and the sampler: those of tools/oracle/sdxl.py, in batches."""
import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

import encoder
import sizes
from training import autocast, device

SCHEDULER = sizes.make_sdxl.SCHEDULER
TIMES = SCHEDULER["num_train_timesteps"]
HEIGHT, WIDTH = 224, 160
SNR_MOST, WEIGHT_MOST = 5.0, 40.0
BLIND_FROM, BLIND = 900, 0.6


def kept():
    """The share of the signal's power that each time keeps."""
    betas = torch.linspace(SCHEDULER["beta_start"] ** 0.5, SCHEDULER["beta_end"] ** 0.5, TIMES) ** 2
    return torch.cumprod((1 - betas).double(), 0).float().to(device())


def build_unet():
    net = UNet2DConditionModel.from_config(sizes.unet_config()).to(device())
    net.set_attn_processor(AttnProcessor())
    return net


def predict(net, x, t, context, pooled):
    ids = torch.tensor([[HEIGHT, WIDTH, 0, 0, HEIGHT, WIDTH]], dtype=torch.float32, device=x.device).expand(len(x), -1)
    return net(x, t, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": ids}).sample.float()


def noised(z, noise, t, blind, alphas):
    """What the network sees, the noise it has to name, and the weight of the error.

    A sampler begins with noise alone, but the last time of training keeps a trace of the picture: of its mean colours, most
    of all, which a network then learns to read there. So at these times the trace is removed from blind samples; the noise
    to be named is that which leads to the picture all the same.

    Weights are those of an error in v, with the signal-to-noise ratio limited: errors in noise alone reward colours too little.
    """
    a = alphas[t][:, None, None, None]
    x = torch.where(blind[:, None, None, None], noise, a.sqrt() * z + (1 - a).sqrt() * noise)
    target = (x - a.sqrt() * z) / (1 - a).sqrt()
    snr = a / (1 - a)
    weight = ((snr.clamp(max=SNR_MOST) + 1) / snr).clamp(max=WEIGHT_MOST)
    return x, target, weight


def random_noise(r, z):
    """Noise like z, times spread evenly over the schedule, and which samples are blind."""
    count = len(z)
    noise = torch.from_numpy(r.standard_normal(z.shape, np.float32)).to(z.device)
    t = ((r.permutation(count) + r.random(count)) * TIMES / count).astype(np.int64)
    blind = (t >= BLIND_FROM) & (r.random(count) < BLIND)
    return noise, torch.from_numpy(t).to(z.device), torch.from_numpy(blind).to(z.device)


class Conditioner:
    """Contexts of captions and faces."""

    def __init__(self, w, encoded, id_position, negative):
        self.w, self.encoded, self.id_position = w, encoded, id_position
        self.negative = negative.to(device())

    def replaced(self, ids, present):
        mask = torch.zeros_like(ids, dtype=torch.bool)
        mask[:, self.id_position] = present
        return mask

    def __call__(self, ids, faces, present=None, learn=None):
        """present: which rows have a face. The others get a black one, and the negative prompt."""
        present = torch.ones(len(ids), dtype=torch.bool, device=ids.device) if present is None else present
        ids = torch.where(present[:, None], ids, self.negative)
        faces = faces * present[:, None, None, None]
        return encoder.encode(ids, self.replaced(ids, present), faces, self.w, learn)

    def of(self, captions, crops):
        """Conditions of texts and of uint8 crops [B,112,112,3], and the negative one."""
        ids = torch.tensor([self.encoded.caption(c) for c in captions], device=device())
        faces = torch.from_numpy(np.array(crops)).to(device()).permute(0, 3, 1, 2).float() / 255
        with autocast():
            context, pooled, _ = self(ids, faces)
            none, none_pooled, _ = self(ids[:1], faces[:1], torch.zeros(1, dtype=torch.bool, device=ids.device))
        return context, pooled, none, none_pooled


@torch.no_grad()
def sample(net, conditions, seed, steps=20, guidance=4.0):
    """Euler steps with guidance -> scaled latents."""
    context, pooled, none, none_pooled = conditions
    timesteps, sigmas = sizes.sdxl.schedule(steps, SCHEDULER)
    noise = torch.randn((len(context), 4, HEIGHT // 8, WIDTH // 8), generator=torch.Generator().manual_seed(seed)).to(device())
    x = noise * float((sigmas.max() ** 2 + 1).sqrt())
    both = torch.cat([none.expand_as(context), context]), torch.cat([none_pooled.expand_as(pooled), pooled])
    for i, t in enumerate(timesteps):
        z = (x / float((sigmas[i] ** 2 + 1).sqrt())).repeat(2, 1, 1, 1)
        with autocast():
            negative, positive = predict(net, z, t.to(device()), *both).chunk(2)
        x = x + float(sigmas[i + 1] - sigmas[i]) * (negative + guidance * (positive - negative))
    return x
