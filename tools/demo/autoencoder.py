"""The autoencoder: trained first, then whitened, then never touched again."""
import numpy as np
import torch
from diffusers import AutoencoderKL
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import load_file, save_file

import data
import sizes
import training
from training import autocast, device

STEPS = 6_000
GOAL, WANTED = 31.5, 29.0  # dB on unseen portraits: from GOAL on rates fall; less than WANTED is not enough, as the log then says
CROP, CROPS, WHOLE = 96, 12, 4  # pixels of a crop, crops in a batch, whole pictures in a batch
KL, NOISE = 1e-5, 0.05
UNSEEN = 48


def build():
    net = AutoencoderKL.from_config(sizes.vae_config()).to(device())
    net.set_attn_processor(AttnProcessor())  # scaled_dot_product_attention goes backward very slowly on a CPU
    return net


def importance():
    """Weights of pixels [224,160]: the face counts more than its surroundings, eyes and mouth most."""
    y, x = np.mgrid[0:224, 0:160]
    face = ((x - 80) / 58) ** 2 + ((y - 105) / 85) ** 2 < 1
    eyes = (abs(x - 80) < 44) & (abs(y - 112) < 20)
    mouth = (abs(x - 80) < 24) & (abs(y - 152) < 16)
    return torch.from_numpy(0.7 + 0.8 * face + 1.0 * (eyes | mouth)).float()


def pixels(pictures):
    """uint8 [B,h,w,3] as floats [B,3,h,w] in [-1,1]."""
    return torch.from_numpy(np.array(pictures)).to(device()).permute(0, 3, 1, 2).float() / 127.5 - 1


def batch(portraits, weight, r, whole, times):
    """Crops, then whole pictures: statistics of group norms are those of what is seen."""
    if whole:
        rows = np.sort(r.integers(len(portraits), size=times * WHOLE))
        return pixels(portraits[rows]), weight.expand(times * WHOLE, 1, *weight.shape)
    cut, weights = [], []
    for _ in range(times * CROPS):
        y = 8 * int(r.integers((224 - CROP) // 8 + 1))
        x = 8 * int(r.integers((160 - CROP) // 8 + 1))
        cut.append(portraits[int(r.integers(len(portraits))), y : y + CROP, x : x + CROP])
        weights.append(weight[y : y + CROP, x : x + CROP])
    return pixels(np.stack(cut)), torch.stack(weights)[:, None]


def differences(x):
    return x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]


def loss_of(net, x, weight, noise):
    with autocast():
        posterior = net.encode(x).latent_dist
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        z = mean + (0.5 * logvar).exp() * noise[0] + NOISE * mean.detach().std() * noise[1]
        y = net.decode(z).sample.float()
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
    error = (weight * (y - x).abs()).mean()
    square = (weight * (y - x) ** 2).mean()
    edges = sum((a - b).abs().mean() for a, b in zip(differences(y), differences(x)))
    return error + 2 * square + 0.25 * edges + KL * kl, {"l1": error, "mse": square, "kl": kl}


def psnr(net, unseen, chunk=8):
    """Mean PSNR of reconstructed unseen portraits, whole and in the face's box."""
    whole, face = [], []
    for i in range(0, len(unseen), chunk):
        x = pixels(unseen[i : i + chunk])
        with autocast():
            y = net.decode(net.encode(x).latent_dist.mean).sample.float().clamp(-1, 1)
        square = ((y - x) / 2) ** 2
        whole += (-10 * torch.log10(square.mean((1, 2, 3)))).tolist()
        face += (-10 * torch.log10(square[:, :, 50:172, 30:130].mean((1, 2, 3)))).tolist()
    return float(np.mean(whole)), float(np.mean(face))


def is_kernel(name, p):
    """What is orthogonalized: all but the layers whose sides are pictures or latents."""
    return p.ndim >= 2 and not name.endswith(("encoder.conv_in.weight", "decoder.conv_out.weight")) and "quant_conv" not in name


def train(options, log):
    net, steps = build(), options.steps or STEPS
    portraits, weight = data.load(options.cache, "portraits"), importance().to(device())
    unseen = data.unseen_portraits(options.seed, UNSEEN)

    def loss(r, step):
        x, w = batch(portraits, weight, r, step > 0.5 * steps, options.batch)
        shape = (2, len(x), 4, x.shape[2] // 8, x.shape[3] // 8)
        noise = torch.from_numpy(r.standard_normal(shape, np.float32)).to(device())
        return loss_of(net, x, w, noise)

    def evaluate():
        whole, face = psnr(net, unseen)
        return whole, f"{whole:.2f} dB on unseen portraits, {face:.2f} dB in the face"

    trainer = training.Trainer(options, 1, "autoencoder", dict(net.named_parameters()), steps, log, is_kernel)
    trainer.run(loss, evaluate, 500, GOAL)
    with trainer.mean_weights(), torch.no_grad():
        whiten(net, portraits)
        whole, face = psnr(net, unseen)
        tensors = {k: v.half().cpu().contiguous() for k, v in net.state_dict().items()}
        save_file(tensors, options.cache / "autoencoder.safetensors")
    enough = "enough" if whole >= WANTED else "LESS than the wanted"
    log(f"autoencoder: done, {whole:.2f} dB, {face:.2f} dB in the face; {enough} {WANTED}")


@torch.no_grad()
def whiten(net, portraits, count=600):
    """Makes latents times the scaling factor uncorrelated, of mean 0 and variance 1: exactly, by the two 1x1 convolutions."""
    rows = portraits[:: max(1, len(portraits) // count)][:count]
    means = [net.encode(pixels(rows[i : i + 8])).latent_dist.mean for i in range(0, len(rows), 8)]
    z = torch.cat(means).permute(1, 0, 2, 3).flatten(1).double()
    center = z.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(z))
    factor = net.config.scaling_factor
    forward = vectors @ torch.diag(values.rsqrt()) @ vectors.T / factor
    backward = torch.linalg.inv(forward)
    q, p = net.quant_conv, net.post_quant_conv
    w, b = q.weight[:4, :, 0, 0].double(), q.bias[:4].double()
    q.weight[:4] = (forward @ w).float()[..., None, None]
    q.bias[:4] = (forward @ (b - center)).float()
    q.bias[4:] += 2 * forward.diagonal().log().mean().float()  # variances grow alike; their correlation has no place to stand
    w = p.weight[:, :, 0, 0].double()
    p.bias += (w @ center).float()
    p.weight.copy_((w @ backward).float()[..., None, None])


def load(options):
    net = build()
    net.load_state_dict({k: v.float() for k, v in load_file(options.cache / "autoencoder.safetensors").items()})
    return net.requires_grad_(False)


@torch.no_grad()
def latents(net, pictures):
    """Scaled latents [B,4,28,20] of uint8 pictures: what the U-Net draws."""
    with autocast():
        return net.encode(pixels(pictures)).latent_dist.mean.float() * net.config.scaling_factor


@torch.no_grad()
def decode(net, z):
    """uint8 pictures [B,h,w,3] of scaled latents."""
    with autocast():
        y = net.decode(z / net.config.scaling_factor).sample.float()
    return ((0.5 * y + 0.5).clamp(0, 1) * 255).round().permute(0, 2, 3, 1).byte().cpu().numpy()
