"""The face transformers' first lesson: reading the traits of a person off the crop."""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import data
import encoder
import people
import portrait
import sizes
import texts
import training
from training import autocast, device

STEPS, BATCH = 2000, 40
UNSEEN = 200


def augmented(crops, r):
    """uint8 crops under another light, moved by a few pixels: [B,3,112,112] in [0,1]."""
    x = torch.from_numpy(np.array(crops)).to(device()).permute(0, 3, 1, 2).float() / 255
    light = torch.from_numpy(r.uniform(0.85, 1.15, (len(x), 1, 1, 1)) * r.uniform(0.95, 1.05, (len(x), 3, 1, 1))).float().to(device())
    dx, dy = (int(v) for v in r.integers(-4, 5, 2))
    x = F.pad(x, (4, 4, 4, 4), mode="replicate")[..., 4 + dy : 116 + dy, 4 + dx : 116 + dx]
    return (x * light).clamp(0, 1)


def trait_heads(width):
    """Throw-away layers for classes and numbers of a person."""
    count = sum(map(len, data.PERSON_CLASSES.values())) + NUMBERS
    return (torch.randn(count, width, device=device()) / width**0.5 * 0.3).requires_grad_()


NUMBERS = 6


def trait_loss(scores, classes, numbers):
    scores = scores.float()
    return texts.heads_loss(scores[:, :-NUMBERS], data.PERSON_CLASSES, classes) + 3 * F.mse_loss(scores[:, -NUMBERS:], numbers)


def unseen(seed, count):
    """Crops and labels of persons that no training sees."""
    import people
    import portrait

    known = [people.person(seed, data.UNSEEN + i) for i in range(count)]
    lights = [people.neutral_light(seed, data.UNSEEN + i, 1) for i in range(count)]
    crops = np.stack([portrait.draw_crop(p, light) for p, light in zip(known, lights)])
    return crops, np.array([data.person_labels(p)[0] for p in known])


def train(options, log):
    crops = data.load(options.cache, "crops")
    classes, numbers, _ = data.labels(options.seed, len(crops))
    trained, fixed = encoder.parameters(512 + sizes.MERGES + 2)
    w = {k: v for k, v in trained.items() if encoder.FACE in k}
    statistics = {k: v for k, v in fixed.items() if k.endswith(encoder.STATISTICS[:2])}
    width, _, _, out = sizes.SIZE["vision"]
    heads = {f"{kind}.{n}": trait_heads(size) for n in "lg" for kind, size in (("class", out), ("patch", width))}
    everything = w | statistics

    def scores_of(x, learn):
        for n in "lg":
            cls, patch = encoder.vit(x, everything, f"face_clip_{n}.{encoder.FACE}", learn)
            yield F.linear(F.normalize(cls, dim=-1) * out**0.5, heads[f"class.{n}"])
            yield F.linear(patch.mean(1), heads[f"patch.{n}"])

    def loss(r, step):
        rows = r.integers(len(crops), size=options.batch * BATCH)
        labels = torch.from_numpy(classes[rows]).to(device()), torch.from_numpy(numbers[rows]).to(device())
        with autocast():
            return sum(trait_loss(s, *labels) for s in scores_of(augmented(crops[rows], r), slice(None))), {}

    test, truth = unseen(options.seed, UNSEEN)

    def evaluate():
        x = torch.from_numpy(test).to(device()).permute(0, 3, 1, 2).float() / 255
        with autocast():
            scores = next(iter(scores_of(x, None))).float()[:, :-NUMBERS]
        parts = scores.split([len(c) for c in data.PERSON_CLASSES.values()], -1)
        right = [float((s.argmax(-1).cpu().numpy() == truth[:, i]).mean()) for i, s in enumerate(parts)]
        return 0, "unseen: " + " ".join(f"{n} {v:.2f}" for n, v in zip(data.PERSON_CLASSES, right))

    trainer = training.Trainer(options, 2, "faces", w | heads, options.steps or STEPS, log, encoder.is_matrix, statistics)
    trainer.run(loss, evaluate, 500)
    kept = {k: trainer.mean[k] for k in w} | statistics
    save_file({k: v.cpu().contiguous() for k, v in kept.items()}, options.cache / "faces.safetensors")
