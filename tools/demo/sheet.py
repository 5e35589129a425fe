"""A contact sheet of unseen persons: the face, then the same person in four scenes.

python sheet.py OUT.png [--seed 1] [--cache DIR] [--persons 8] [--first N] [--steps 20] [--guidance 4]
"""
import numpy as np
from PIL import Image

import data
import diffusion
import people
import portrait

SCENES = [
    "a person wearing a red t-shirt, in front of a blue wall, smiling",
    "a person wearing a green hoodie, in a city at night, serious",
    "a person in a yellow sweater, on a beach by day, laughing",
    "a person wearing a white shirt, in front of a purple wall, smiling",
]
PAD = 6


def draw(options, model, persons=6, first=data.UNSEEN + 500, steps=20, guidance=4.0):
    import autoencoder  # it trains, and uses this

    known = [people.person(options.seed, first + i) for i in range(persons)]
    crops = np.stack([portrait.draw_crop(p, people.neutral_light(options.seed, first + i, 1)) for i, p in enumerate(known)])
    rows = np.repeat(np.arange(persons), len(SCENES))
    conditions = model.condition.of(SCENES * persons, crops[rows])
    pictures = autoencoder.decode(model.vae, diffusion.sample(model.net, conditions, 7, steps, guidance))
    return page(crops, pictures.reshape(persons, len(SCENES), *pictures.shape[1:]))


def page(crops, pictures, columns=2):
    """A row for each person, in so many columns."""
    height, width = portrait.HEIGHT + PAD, portrait.CROP + 3 * PAD + pictures.shape[1] * (portrait.WIDTH + PAD)
    rows = -(-len(crops) // columns)
    out = Image.new("RGB", (columns * width, rows * height + PAD), (255, 255, 255))
    for i, (crop, row) in enumerate(zip(crops, pictures)):
        x, y = i % columns * width + PAD, i // columns * height + PAD
        out.paste(Image.fromarray(crop), (x, y + (portrait.HEIGHT - portrait.CROP) // 2))
        for k, picture in enumerate(row):
            out.paste(Image.fromarray(picture), (x + portrait.CROP + PAD + k * (portrait.WIDTH + PAD), y))
    return out


if __name__ == "__main__":
    import joint
    import train

    parser = train.arguments(__doc__)
    parser.add_argument("out")
    parser.add_argument("--first", type=int, default=data.UNSEEN + 1000)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.set_defaults(persons=8, steps=20)
    options = train.parsed(parser)
    model = joint.load(options)
    draw(options, model, options.persons, options.first, options.steps, options.guidance).save(options.out)
    print(f"{options.out}: {'finished' if not model.done else f'at step {model.done}'}")
