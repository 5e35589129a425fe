"""Rendered pictures in files, and the numbers of whom and what they show."""
import numpy as np

import captions
import people
import portrait
from people import generator

PERSONS, SCENES = 12_000, 2  # for training; each person has one crop and SCENES portraits
UNSEEN = 10_000_000  # the number of the first person that no training sees


def path(cache, name):
    return cache / f"{name}.npy"


def render(cache, seed, log, persons=PERSONS):
    """Writes portraits and crops; what a cut run has drawn is drawn again, which takes minutes."""
    shapes = {"portraits": (persons * SCENES, portrait.HEIGHT, portrait.WIDTH, 3), "crops": (persons, portrait.CROP, portrait.CROP, 3)}
    partial = {name: path(cache, name + ".partial") for name in shapes}
    files = {name: np.lib.format.open_memmap(partial[name], "w+", np.uint8, shape) for name, shape in shapes.items()}
    for i in range(persons):
        p = people.person(seed, i)
        files["crops"][i] = portrait.draw_crop(p, people.neutral_light(seed, i, 0))
        for k in range(SCENES):
            files["portraits"][i * SCENES + k] = portrait.draw_portrait(p, people.scene(seed, i, k))
        if i % 1000 == 0:
            log(f"render: {i} of {persons} persons")
    for name, file in files.items():
        file.flush()
        partial[name].rename(path(cache, name))


def load(cache, name):
    return np.load(path(cache, name), mmap_mode="r")


def unseen_portraits(seed, count, without=()):
    """Portraits of persons that no training sees, [count,224,160,3] uint8."""
    numbers = range(UNSEEN, UNSEEN + count)
    return np.stack([portrait.draw_portrait(people.person(seed, i), people.scene(seed, i, 0), without) for i in numbers])


# ---- labels

PERSON_CLASSES = {
    "gender": people.GENDERS, "age": people.AGES, "hair_color": list(people.HAIR_COLORS), "hair_style": people.HAIR_STYLES,
    "eye_color": list(people.EYE_COLORS), "shape": people.SHAPES, "brow": people.BROWS, "nose": people.NOSES,
    "glasses": people.GLASSES, "beard": people.BEARDS, "glasses_color": ["none", *people.GLASSES_COLORS],
    "freckles": [False, True], "earrings": [False, True], "side": [-1, 1],
}
SCENE_CLASSES = {
    "clothes": people.CLOTHES, "clothes_color": list(people.COLORS), "place": people.PLACES, "wall_color": ["none", *people.COLORS],
    "time": people.TIMES, "expression": people.EXPRESSIONS, "gaze": people.GAZES,
}


def person_labels(p):
    """The index of each class, and the measures that are numbers, about zero and one in size."""
    values = {name: getattr(p, name) for name in PERSON_CLASSES}
    if p.glasses == "none":
        values["glasses_color"] = "none"
    labels = [PERSON_CLASSES[name].index(value) for name, value in values.items()]
    measures = [(p.width - 46.5) / 1.7, (p.chin - 62) / 2.3, (p.eye_size - 1.04) / 0.08]
    return labels, [2 * p.skin - 1, *measures, 2 * p.lips - 1, 2 * p.hair_volume - 1]


def scene_labels(s):
    values = {name: getattr(s, name) for name in SCENE_CLASSES}
    if s.place != "wall":
        values["wall_color"] = "none"
    return [SCENE_CLASSES[name].index(value) for name, value in values.items()]


def labels(seed, persons):
    """Arrays for the persons of training: classes and numbers of persons [N,...], classes of scenes [N*SCENES,...]."""
    known = [people.person(seed, i) for i in range(persons)]
    classes, numbers = zip(*(person_labels(p) for p in known))
    scenes = [scene_labels(people.scene(seed, i, k)) for i in range(persons) for k in range(SCENES)]
    return np.array(classes), np.array(numbers, np.float32), np.array(scenes)


def training_captions(seed, persons, wordings):
    """For each portrait of training, so many captions."""
    out = []
    for i in range(persons):
        p = people.person(seed, i)
        for k in range(SCENES):
            s = people.scene(seed, i, k)
            out.append([captions.caption(seed, p, s, i, k, w) for w in range(wordings)])
    return out


def batch_random(seed, stage, step):
    """The random numbers of one step: a run that was cut goes on as if it had not been."""
    return generator(seed, 100, stage, step)


def unseen_captions(seed, count):
    """What is said of unseen_portraits: nothing of the person."""
    numbers = range(UNSEEN, UNSEEN + count)
    return [captions.caption(seed, people.person(seed, i), people.scene(seed, i, 0), i, 0, traits=False) for i in numbers]
