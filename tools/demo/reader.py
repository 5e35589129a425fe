"""A small network that reads traits, scenes and the presence of eyes and mouth off a portrait, to measure pictures with."""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import autoencoder
import data
import faces
import people
import portrait
import texts
import training
from training import autocast, device

STEPS, BATCH, WIDTHS, HIDDEN, GROUPS = 3000, 32, (24, 48, 96, 64), 160, 8
PARTS = ["left eye", "right eye", "mouth"]
PARTIAL = 3000  # portraits without some of these parts
AGAIN = 2000  # portraits that are also read as the autoencoder draws them
TRAITS = sum(map(len, data.PERSON_CLASSES.values()))
SCENES = sum(map(len, data.SCENE_CLASSES.values()))
OUTPUTS = TRAITS + faces.NUMBERS + SCENES + len(PARTS)
CELLS = (portrait.HEIGHT // 32) * (portrait.WIDTH // 32)


def initial():
    w, channels = {}, 3
    for i, width in enumerate(WIDTHS):
        w[f"conv.{i}.weight"] = torch.randn(width, channels, 3, 3) / (9 * channels) ** 0.5
        w[f"conv.{i}.bias"] = torch.zeros(width)
        w[f"norm.{i}.weight"], w[f"norm.{i}.bias"] = torch.ones(width), torch.zeros(width)
        channels = width
    for i, (out, inp) in enumerate(((HIDDEN, CELLS * channels), (OUTPUTS, HIDDEN))):
        w[f"linear.{i}.weight"], w[f"linear.{i}.bias"] = torch.randn(out, inp) / inp**0.5, torch.zeros(out)
    return {k: v.to(device()).requires_grad_() for k, v in w.items()}


def read(w, x):
    """Pictures [B,3,224,160] in [-1,1] -> scores [B,OUTPUTS]: classes of the person, numbers, classes of the scene, parts.

    Pictures are halved, then come four times a convolution of stride 2, group norm and SiLU, then two linear layers.
    """
    x = F.avg_pool2d(x, 2)
    for i in range(len(WIDTHS)):
        x = F.conv2d(x, w[f"conv.{i}.weight"], w[f"conv.{i}.bias"], stride=2, padding=1)
        x = F.silu(F.group_norm(x, GROUPS, w[f"norm.{i}.weight"], w[f"norm.{i}.bias"], 1e-5))
    x = F.silu(F.linear(x.flatten(1), w["linear.0.weight"], w["linear.0.bias"]))
    return F.linear(x, w["linear.1.weight"], w["linear.1.bias"])


def split(scores):
    return scores.float().split([TRAITS, faces.NUMBERS, SCENES, len(PARTS)], -1)


def partial_portraits(seed, first, count):
    """Portraits some of whose eyes and mouths are missing, and which are there [count,3]."""
    pictures, present = [], []
    for i in range(first, first + count):
        there = data.batch_random(seed, 50, i).random(3) < 0.5
        without = [part for part, t in zip(PARTS, there) if not t]
        pictures.append(portrait.draw_portrait(people.person(seed, i), people.scene(seed, i, 5), without))
        present.append(there)
    return np.stack(pictures), np.array(present, np.float32)


def worn(x, r):
    """Blur and noise, as of generated pictures."""
    if r.random() < 0.5:
        sigma = r.uniform(0.3, 1.2)
        k = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
        k = torch.from_numpy((k / k.sum()).astype(np.float32)).to(x.device).expand(3, 1, -1)
        x = F.conv2d(F.conv2d(x, k[:, :, None], groups=3, padding=(0, 3)), k[..., None], groups=3, padding=(3, 0))
    return x + torch.from_numpy(r.normal(0, r.uniform(0, 0.06), x.shape).astype(np.float32)).to(x.device)


def reconstructions(options, latents):
    """uint8 pictures of latents."""
    vae = autoencoder.load(options)
    parts = [torch.from_numpy(latents[i : i + 16].astype(np.float32)).to(device()) for i in range(0, len(latents), 16)]
    return np.concatenate([autoencoder.decode(vae, z) for z in parts])


def loss_function(w, options):
    portraits, latents = data.load(options.cache, "portraits"), np.asarray(data.load(options.cache, "latents"))
    traits, numbers, scenes = (torch.from_numpy(a).to(device()) for a in data.labels(options.seed, len(portraits) // data.SCENES))
    partial, present = partial_portraits(options.seed, 0, min(PARTIAL, len(portraits)))
    present = torch.from_numpy(present).to(device())
    again = reconstructions(options, latents[: min(AGAIN, len(latents))])

    def loss(r, step):
        """A part of the batch are renders, a part reconstructions, a part renders that lack something."""
        blurred, lacking = r.integers(len(again), size=BATCH // 3), r.integers(len(partial), size=BATCH // 4)
        rows = np.concatenate([blurred, r.integers(len(portraits), size=BATCH - len(blurred))])
        pictures = [again[blurred], portraits[rows[len(blurred) :]], partial[lacking]]
        x = worn(autoencoder.pixels(np.concatenate(pictures)), r)
        with autocast():
            t, n, s, p = split(read(w, x))
        person = torch.from_numpy(rows // data.SCENES).to(device())
        whole = slice(0, BATCH)
        here = torch.cat([torch.ones(BATCH, len(PARTS), device=x.device), present[lacking]])
        total = texts.heads_loss(t[whole], data.PERSON_CLASSES, traits[person])
        total = total + texts.heads_loss(s[whole], data.SCENE_CLASSES, scenes[rows])
        parts = F.binary_cross_entropy_with_logits(p, here)
        return total + 3 * F.mse_loss(n[whole], numbers[person]) + 2 * parts, {"parts": parts}

    return loss


def train(options, log):
    w = initial()
    seen = Evaluation(options, autoencoder.load(options), 120)

    def evaluate():
        return 0, seen.text({k: v.detach() for k, v in w.items()})

    trainer = training.Trainer(options, 5, "reader", w, options.steps or STEPS, log, lambda k, p: p.ndim >= 2)
    trainer.run(loss_function(w, options), evaluate, 1000)
    final = {k: v.half().float() for k, v in trainer.mean.items()}
    log(f"reader: {seen.text(final)}")
    deviation = seen.deviation(final)
    tensors = {k: v.half().cpu().contiguous() for k, v in (final | {"deviation": deviation}).items()}
    save_file(tensors, options.cache / "reader.safetensors")


def load(options):
    return {k: v.float().to(device()) for k, v in load_file(options.cache / "reader.safetensors").items()}


def reconstructed(vae, pictures, chunk=16):
    """uint8 pictures after the autoencoder."""
    parts = [pictures[i : i + chunk] for i in range(0, len(pictures), chunk)]
    return np.concatenate([autoencoder.decode(vae, autoencoder.latents(vae, part)) for part in parts])


class Evaluation:
    """What the reader makes of unseen renders, and of their reconstructions."""

    def __init__(self, options, vae, count):
        known = [people.person(options.seed, data.UNSEEN + i) for i in range(count)]
        self.traits, numbers = zip(*(data.person_labels(p) for p in known))
        self.scenes = [data.scene_labels(people.scene(options.seed, data.UNSEEN + i, 0)) for i in range(count)]
        self.numbers = torch.tensor(numbers)
        renders = data.unseen_portraits(options.seed, count)
        self.pictures = {"renders": renders, "reconstructions": reconstructed(vae, renders)}
        self.partial, self.present = partial_portraits(options.seed, data.UNSEEN, count)

    @torch.no_grad()
    def text(self, w):
        parts = []
        for name, pictures in self.pictures.items():
            t, _, s, _ = split(read(w, autoencoder.pixels(pictures)))
            right = accuracies(t, data.PERSON_CLASSES, self.traits) | accuracies(s, data.SCENE_CLASSES, self.scenes)
            parts.append(f"{name}: " + " ".join(f"{k} {v:.2f}" for k, v in right.items()))
        there = split(read(w, autoencoder.pixels(self.partial)))[3].cpu().numpy() > 0
        return "; ".join(parts) + f"; parts there or not {float((there == self.present).mean()):.3f}"

    @torch.no_grad()
    def deviation(self, w):
        return (split(read(w, autoencoder.pixels(self.pictures["reconstructions"])))[1].cpu() - self.numbers).std(0)


def accuracies(scores, classes, truth):
    truth = np.array(truth)
    parts = scores.split([len(c) for c in classes.values()], -1)
    return {k: float((s.argmax(-1).cpu().numpy() == truth[:, i]).mean()) for i, (k, s) in enumerate(zip(classes, parts))}
