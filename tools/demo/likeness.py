"""Writes persons whom no training sees, for TestLikeness of package faceclip: persons.json and faces.png.

python likeness.py DIR [--seed 1] [--persons 40] [--first N] [--alike]     --alike: all with one skin and one hair colour
python likeness.py DIR --reader [--cache DIR]    the reader's weights, and what it reads off three portraits, for testdata/likeness
"""
import json
import pathlib
import shutil

import numpy as np
from PIL import Image

import data
import evaluate
import people
import portrait
import train


def regions():
    places = {"Wall": evaluate.WALL, "Shoulders": evaluate.SHOULDERS, "Chest": evaluate.CHEST}
    found = {name: [[y.start, y.stop, x.start, x.stop] for y, x in all] for name, all in places.items()}
    return found | {"HairOnShoulders": list(evaluate.HAIR_ON_SHOULDERS)}


def classes(of):
    return [{"Name": name, "Values": [str(v) for v in values]} for name, values in of.items()]


def persons(options):
    """What is known of each person, and the faces."""
    known, faces, cases = [], [], evaluate.cases(options)
    for (i, p, s0, c0), (_, _, s1, c1) in zip(cases[::2], cases[1::2]):
        traits, numbers = data.person_labels(p)
        scenes = [{"Traits": data.scene_labels(s), "Caption": c} for s, c in ((s0, c0), (s1, c1))]
        known.append({"Traits": traits, "Numbers": numbers, "Scenes": scenes})
        faces.append(portrait.draw_crop(p, people.neutral_light(options.seed, i, 1)))
    return known, np.concatenate(faces)


def write_set(options, folder):
    known, faces = persons(options)
    content = {
        "Traits": classes(data.PERSON_CLASSES), "SceneTraits": classes(data.SCENE_CLASSES), "Parts": ["left eye", "right eye", "mouth"],
        "Palette": [{"Name": name, "RGB": list(rgb)} for name, rgb in people.COLORS.items()], "Regions": regions(), "Persons": known,
    }
    (folder / "persons.json").write_text(json.dumps(content) + "\n")
    Image.fromarray(faces).save(folder / "faces.png", optimize=True)


def write_reader(options, folder):
    import torch
    from safetensors.torch import save_file

    import autoencoder
    import reader

    shutil.copy(options.cache / "reader.safetensors", folder)
    portraits = data.unseen_portraits(options.seed, 3)
    with torch.no_grad():
        scores = reader.read(reader.load(options), autoencoder.pixels(portraits))
    save_file({"portraits": torch.from_numpy(portraits), "scores": scores.cpu().contiguous()}, folder / "reader-golden.safetensors")


if __name__ == "__main__":
    parser = train.arguments(__doc__)
    parser.add_argument("out")
    parser.add_argument("--first", type=int, default=data.UNSEEN + 2000, help="number of the first person")
    parser.add_argument("--alike", action="store_true")
    parser.add_argument("--reader", action="store_true")
    parser.set_defaults(persons=40)
    options = train.parsed(parser)
    folder = pathlib.Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    (write_reader if options.reader else write_set)(options, folder)
