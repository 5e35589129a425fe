"""Measures pictures of unseen persons: who is known among 40, are traits, clothes and walls right, are eyes and mouth there?

python evaluate.py [--seed 1] [--cache DIR] [--persons 40] [--first N] [--guidance 4] [--steps 20] [--alike] [--zero] [--truth]

Two scenes a person, before a wall and anywhere; captions name no trait. --alike: all with one skin and one hair colour;
--zero: black faces, where identity has to be at chance; --truth: true renders and reconstructions, not generated pictures.
"""
import numpy as np
import torch
import torch.nn.functional as F

import autoencoder
import captions
import data
import diffusion
import joint
import people
import portrait
import reader
import train

GALLERY, FLOOR = 40, -6.0  # FLOOR: no single class rules a person out
BATCH = 20
SHOULDERS = [(slice(214, 223), slice(6, 22)), (slice(214, 223), slice(138, 154))]
CHEST = [(slice(206, 222), slice(48, 60)), (slice(206, 222), slice(100, 112))]  # where hair lies on the shoulders
HAIR_ON_SHOULDERS = ("long", "wavy", "braids", "ponytail")
WALL = [(slice(4, 40), slice(2, 12)), (slice(4, 40), slice(148, 158))]
READ = ("glasses", "hair_style", "hair_color", "gender", "beard", "age", "eye_color", "shape", "brow", "nose")


def cases(options):
    """Persons, and for each two scenes with captions."""
    out = []
    for i in range(options.first, options.first + options.persons):
        p = people.person(options.seed, i)
        p = people.alike(p) if options.alike else p
        for k, place in enumerate(("wall", None)):
            s = people.scene(options.seed, i, 10 + k, place)
            out.append((i, p, s, captions.caption(options.seed, p, s, i, 10 + k, traits=False)))
    return out


def generated(options, model, todo):
    pictures = []
    for at in range(0, len(todo), BATCH):
        part = todo[at : at + BATCH]
        crops = np.stack([portrait.draw_crop(p, people.neutral_light(options.seed, i, 1)) for i, p, _, _ in part])
        conditions = model.condition.of([c for *_, c in part], crops * (not options.zero))
        z = diffusion.sample(model.net, conditions, at, options.steps, options.guidance)
        pictures.append(autoencoder.decode(model.vae, z))
    return np.concatenate(pictures)


def likeness(t, n, known, deviation):
    """How well what was read [B,...] fits each known person [P]: a sum of logarithms [B,P]."""
    classes = torch.tensor([data.person_labels(p)[0] for p in known])
    numbers = torch.tensor([data.person_labels(p)[1] for p in known])
    score = torch.zeros(len(t), len(known))
    for i, part in enumerate(t.cpu().split([len(c) for c in data.PERSON_CLASSES.values()], -1)):
        score += F.log_softmax(part, -1).clamp(min=FLOOR)[:, classes[:, i]]
    return score - 0.5 * (((n.cpu()[:, None] - numbers) / (deviation.cpu() + 0.1)) ** 2).clamp(max=-2 * FLOOR).sum(-1)


def identity(t, n, todo, deviation):
    """The share of pictures whose person comes first in a gallery of GALLERY, and the share among the first five."""
    known = [p for _, p, _, _ in todo[::2]]
    first = five = count = 0
    for at in range(0, len(known), GALLERY):
        score = likeness(t[2 * at : 2 * (at + GALLERY)], n[2 * at : 2 * (at + GALLERY)], known[at : at + GALLERY], deviation)
        own = score[torch.arange(len(score)), torch.arange(len(score)) // 2]
        rank = (score > own[:, None]).sum(1)
        first, five, count = first + int((rank == 0).sum()), five + int((rank < 5).sum()), count + len(score)
    return first / count, five / count


def nearest_color(picture, places):
    """The name of the colour that most pixels at the places are nearest to."""
    seen = np.concatenate([picture[place].reshape(-1, 3) for place in places]).astype(float)
    palette = np.array(list(people.COLORS.values()), float)
    nearest = ((seen[:, None] - palette) ** 2).sum(-1).argmin(1)
    return list(people.COLORS)[np.bincount(nearest, minlength=len(palette)).argmax()]


@torch.no_grad()
def measure(pictures, todo, w):
    scores = torch.cat([reader.read(w, autoencoder.pixels(pictures[i : i + 40])) for i in range(0, len(pictures), 40)])
    t, n, s, parts = reader.split(scores)
    found = dict(zip(("identity", "top 5"), identity(t, n, todo, w["deviation"])))
    traits = reader.accuracies(t, data.PERSON_CLASSES, [data.person_labels(p)[0] for _, p, _, _ in todo])
    scenes = reader.accuracies(s, data.SCENE_CLASSES, [data.scene_labels(scene) for _, _, scene, _ in todo])
    found |= {k: traits[k] for k in READ} | scenes
    walls = [i for i, (_, _, scene, _) in enumerate(todo) if scene.place == "wall"]
    places = [CHEST if p.hair_style in HAIR_ON_SHOULDERS else SHOULDERS for _, p, _, _ in todo]
    right = [nearest_color(a, place) == scene.clothes_color for a, place, (_, _, scene, _) in zip(pictures, places, todo)]
    found["clothes seen"] = np.mean(right)
    found["wall seen"] = np.mean([nearest_color(pictures[i], WALL) == todo[i][2].wall_color for i in walls])
    found["eyes and mouth"] = float((parts > 0).all(1).float().mean())
    return found


def show(name, found):
    print(f"{name}: " + ", ".join(f"{k} {100 * v:.0f} %" for k, v in found.items()), flush=True)


def main():
    parser = train.arguments(__doc__)
    parser.add_argument("--first", type=int, default=data.UNSEEN + 2000, help="number of the first person")
    parser.add_argument("--guidance", type=float, default=4.0)
    for flag in ("alike", "zero", "truth"):
        parser.add_argument("--" + flag, action="store_true")
    parser.set_defaults(persons=40, steps=20)
    options = train.parsed(parser)
    todo, w = cases(options), reader.load(options)
    if options.truth:
        vae = autoencoder.load(options)
        renders = np.stack([portrait.draw_portrait(p, s) for _, p, s, _ in todo])
        again = reader.reconstructed(vae, renders)
        show("renders", measure(renders, todo, w))
        show("reconstructions", measure(again, todo, w))
        return
    model = joint.load(options)
    show("finished" if not model.done else f"step {model.done}", measure(generated(options, model, todo), todo, w))


if __name__ == "__main__":
    main()
