"""Writes the faces of the ten persons of mini/trained, whom no training sees: NAME.png.

python cast.py DIR [--seed 1]
"""
import pathlib

from PIL import Image

import data
import people
import portrait
import train

FIRST = data.UNSEEN + 3000
CAST = {
    "ada": 40, "bruno": 42, "dora": 36, "hana": 43, "june": 53, "kofi": 16, "lars": 17, "mara": 19, "noor": 30, "olga": 47,
}

if __name__ == "__main__":
    parser = train.arguments(__doc__)
    parser.add_argument("out")
    options = train.parsed(parser)
    folder = pathlib.Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, number in CAST.items():
        person = people.person(options.seed, FIRST + number)
        crop = portrait.draw_crop(person, people.neutral_light(options.seed, FIRST + number, 1))
        Image.fromarray(crop).save(folder / f"{name}.png", optimize=True)
