"""Face encoder and U-Net together: the picture of this person in that scene."""
import types

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import autoencoder
import data
import diffusion
import encoder
import faces
import sheet
import sizes
import texts
import training
from training import autocast, device

STEPS, ENCODED, LEVELS = 9_000, 24, 2  # conditions in a batch, and noise levels of each
DROPPED, AUXILIARY = 0.1, 0.1
UNSEEN = 48
SHEET_EVERY = 1000
UNET, ENCODER = "unet.", "encoder."


def networks(options):
    """U-Net, and the tensors of the encoder: trained and fixed."""
    vocab = texts.vocabulary(options)
    net = diffusion.build_unet()
    trained, fixed = encoder.parameters(len(vocab.ids))
    return net, trained, fixed, vocab


def begin_from_lessons(options, trained, fixed):
    with torch.no_grad():
        for stage in ("faces", "texts"):
            for k, v in load_file(options.cache / f"{stage}.safetensors").items():
                (trained if k in trained else fixed)[k].copy_(v)


def heads():
    """Throw-away layers: traits from class tokens and from the context, the scene from the pooled text."""
    out, g = sizes.SIZE["vision"][3], sizes.SIZE["text_g"][0]
    scenes = sum(map(len, data.SCENE_CLASSES.values()))
    return {
        "head.l": faces.trait_heads(out), "head.g": faces.trait_heads(out),
        "head.context": faces.trait_heads(g + sizes.SIZE["text_l"][0]),
        "head.scene": (torch.randn(scenes, g, device=device()) * 0.05).requires_grad_(),
    }


def lessons_loss(h, context, pooled, classes, present, labels):
    """What the throw-away layers read, where there is a face."""
    traits, numbers, scenes = (v[present] for v in labels)
    out = sizes.SIZE["vision"][3]
    loss = texts.heads_loss(F.linear(pooled[present], h["head.scene"]), data.SCENE_CLASSES, scenes)
    for name, cls in zip("lg", classes):
        scores = F.linear(F.normalize(cls[present], dim=-1) * out**0.5, h[f"head.{name}"])
        loss = loss + faces.trait_loss(scores, traits, numbers)
    return loss + faces.trait_loss(F.linear(context[present].mean(1), h["head.context"]), traits, numbers)


class Batches:
    """Latents, faces, ids and labels of random portraits of training."""

    def __init__(self, options):
        self.latents, self.crops, self.ids = (np.asarray(data.load(options.cache, n)) for n in ("latents", "crops", "ids"))
        self.count = options.batch * ENCODED
        self.labels = [torch.from_numpy(a).to(device()) for a in data.labels(options.seed, len(self.crops))]

    def draw(self, r):
        rows = r.integers(len(self.latents), size=self.count)
        persons = rows // data.SCENES
        z = torch.from_numpy(self.latents[rows].astype(np.float32)).to(device())
        ids = torch.from_numpy(self.ids[rows, r.integers(texts.WORDINGS, size=self.count)].astype(np.int64)).to(device())
        traits, numbers, scenes = self.labels
        return z, faces.augmented(self.crops[persons], r), ids, (traits[persons], numbers[persons], scenes[rows])


def loss_function(net, condition, batches, h, alphas):
    def loss(r, step):
        z, crops, ids, labels = batches.draw(r)
        present = torch.from_numpy(r.random(batches.count) >= DROPPED).to(device())
        present[0] = True  # statistics need rows with a face
        z = z.repeat(LEVELS, 1, 1, 1)
        x, target, weight = diffusion.noised(z, *(noise := diffusion.random_noise(r, z)), alphas)
        with autocast():
            context, pooled, classes = condition(ids, crops, present, present)
            lessons = lessons_loss(h, context, pooled, classes, present, labels)
            eps = diffusion.predict(net, x, noise[1], context.repeat(LEVELS, 1, 1), pooled.repeat(LEVELS, 1))
        square = (eps - target) ** 2
        drawn = (weight * square).mean() / weight.mean()
        return 4 * drawn + AUXILIARY * lessons / 20, {"eps": square.mean(), "weighted": drawn, "lessons": lessons}

    return loss


def unseen_batch(options, vae, encoded, count):
    """Latents, crops and captions of persons that no training sees."""
    crops, _ = faces.unseen(options.seed, count)
    z = autoencoder.latents(vae, data.unseen_portraits(options.seed, count))
    ids = torch.tensor([encoded.caption(c) for c in data.unseen_captions(options.seed, count)], device=device())
    return z, torch.from_numpy(crops).to(device()).permute(0, 3, 1, 2).float() / 255, ids


def evaluator(net, condition, unseen, alphas):
    """The loss on unseen persons, with the right face and with another one's: the gap is what the face tells."""
    z, crops, ids = unseen
    noise = diffusion.random_noise(data.batch_random(0, 0, 0), z)
    x, target, weight = diffusion.noised(z, *noise, alphas)

    def evaluate():
        found = []
        for pictures in (crops, crops.roll(1, 0)):
            with autocast():
                context, pooled, _ = condition(ids, pictures)
                eps = diffusion.predict(net, x, noise[1], context, pooled)
            square = (eps - target) ** 2
            found += [float(square.mean()), float((weight * square).mean() / weight.mean())]
        return -found[1], "unseen: eps {:.4f}, weighted {:.4f}; with another's face {:.4f}, {:.4f}".format(*found)

    return evaluate


def by_matrix(key, p):
    if key.startswith(UNET):
        return p.ndim >= 2 and not key.startswith((UNET + "conv_in", UNET + "conv_out"))
    return key.startswith(ENCODER) and encoder.is_matrix(key, p)


def train(options, log):
    vae = autoencoder.load(options)
    net, trained, fixed, vocab = networks(options)
    begin_from_lessons(options, trained, fixed)
    encoded = texts.Encoded(vocab)
    condition = diffusion.Conditioner(trained | fixed, encoded, texts.id_position(vocab), texts.negative_ids(vocab))
    h, alphas = heads(), diffusion.kept()
    params = {UNET + k: p for k, p in net.named_parameters()} | {ENCODER + k: p for k, p in trained.items()} | h
    statistics = {k: v for k, v in fixed.items() if k.endswith(encoder.STATISTICS[:2])}
    trainer = training.Trainer(
        options, 4, "joint", params, options.steps or STEPS, log, by_matrix, statistics, warmup=100, matrix_rate=0.02, rate=1.5e-3,
    )
    score = evaluator(net, condition, unseen_batch(options, vae, encoded, UNSEEN), alphas)

    def evaluate():
        if trainer.done % SHEET_EVERY == 0 or trainer.done == trainer.last():
            model = types.SimpleNamespace(net=net, condition=condition, vae=vae)
            sheet.draw(options, model).save(options.cache / f"sheet-{trainer.done:06d}.png")
        return score()

    trainer.run(loss_function(net, condition, Batches(options), h, alphas), evaluate, 500)
    save_file(tensors(trainer.mean, statistics), options.cache / "joint.safetensors")


def tensors(mean, statistics):
    kept = {k: v for k, v in mean.items() if k.startswith((UNET, ENCODER))}
    kept |= {ENCODER + k: v for k, v in statistics.items()}
    return {k: v.detach().half().cpu().contiguous() for k, v in kept.items()}


def load(options):
    """The networks as they are now: finished, or those of the last checkpoint. Also tells the step, 0 for finished."""
    net, trained, fixed, vocab = networks(options)
    done, result = 0, options.cache / "joint.safetensors"
    if result.exists():
        saved = load_file(result)
    else:
        checkpoint = torch.load(options.cache / "joint.pt", map_location=device())
        saved, done = tensors(checkpoint["mean"], checkpoint["state"]), checkpoint["done"]
    with torch.no_grad():
        for k, v in saved.items():
            target = dict(net.named_parameters()) if k.startswith(UNET) else trained | fixed
            target[k.split(".", 1)[1]].copy_(v)
    condition = diffusion.Conditioner(trained | fixed, texts.Encoded(vocab), texts.id_position(vocab), texts.negative_ids(vocab))
    return types.SimpleNamespace(
        net=net.requires_grad_(False), condition=condition, vae=autoencoder.load(options), vocab=vocab, done=done,
        encoder={k: v.detach() for k, v in (trained | fixed).items()},
    )
