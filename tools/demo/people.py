"""Who is drawn and where: persons and scenes, each a few named traits, drawn by lot from a seed."""
import dataclasses

import numpy as np

SKINS = [(255, 226, 205), (250, 212, 184), (240, 194, 158), (226, 172, 130), (198, 140, 98), (164, 108, 72), (128, 80, 54), (98, 62, 46)]
HAIR_COLORS = {
    "black": (38, 34, 40), "brown": (92, 58, 38), "chestnut": (140, 84, 44), "red": (178, 70, 34), "ginger": (224, 130, 58),
    "blond": (240, 204, 112), "grey": (158, 160, 168), "white": (236, 236, 238),
}
HAIR_STYLES = [
    "bald", "balding", "buzz", "side part", "quiff", "curls", "afro", "bob", "long", "wavy", "ponytail", "bun", "braids",
]
EYE_COLORS = {"brown": (112, 66, 34), "black": (44, 32, 32), "blue": (62, 128, 206), "green": (70, 150, 84), "grey": (128, 146, 160)}
GLASSES = ["none", "round", "square", "cat-eye"]
GLASSES_COLORS = {"black": (36, 34, 40), "red": (196, 46, 52), "blue": (44, 88, 190), "gold": (214, 160, 52)}
BEARDS = ["none", "stubble", "moustache", "goatee", "full", "long"]
BROWS = ["thin", "thick", "slanted", "arched"]
NOSES = ["button", "straight", "broad"]
SHAPES = ["oval", "round", "square", "pointed"]
GENDERS = ["woman", "man"]
AGES = ["young", "middle-aged", "old"]

COLORS = {
    "red": (206, 44, 48), "orange": (242, 132, 36), "yellow": (250, 212, 56), "green": (58, 150, 66), "teal": (32, 160, 160),
    "blue": (48, 98, 208), "purple": (128, 66, 176), "pink": (244, 148, 188), "brown": (124, 82, 52), "grey": (146, 148, 152),
    "black": (44, 44, 50), "white": (244, 244, 242),
}
CLOTHES = ["t-shirt", "shirt", "sweater", "hoodie", "striped shirt", "jacket"]
PLACES = ["wall", "beach", "forest", "mountains", "city", "field", "library"]
TIMES = ["day", "sunset", "night"]
EXPRESSIONS = ["smiling", "laughing", "serious", "surprised"]
GAZES = ["left", "front", "right"]

# Chances of a hair style, in the order of HAIR_STYLES, for women and for men.
STYLE_CHANCES = {
    "woman": [1, 0, 4, 6, 4, 11, 11, 13, 12, 13, 9, 9, 10],
    "man": [11, 9, 12, 15, 15, 14, 9, 1, 4, 3, 2, 4, 3],
}


@dataclasses.dataclass
class Person:
    gender: str
    age: str
    skin: float  # 0 light, 1 dark
    hair_color: str
    hair_shift: tuple  # of its red, green and blue
    hair_style: str
    hair_volume: float
    side: int  # of a parting or a ponytail: -1 or 1
    eye_color: str
    eye_size: float
    eye_tilt: float
    shape: str
    width: float  # half of the face's width, in pixels of a portrait
    chin: float  # how far below the centre of the head
    brow: str
    nose: str
    nose_size: float
    mouth_width: float
    lips: float  # 0 thin, 1 full
    glasses: str
    glasses_color: str
    beard: str
    freckles: bool
    earrings: bool
    ears: float


@dataclasses.dataclass
class Scene:
    clothes: str
    clothes_color: str
    place: str
    wall_color: str
    time: str
    expression: str
    gaze: str
    tilt: float  # degrees
    shift: tuple
    zoom: float
    light: tuple  # factors of red, green and blue
    layout: int  # where clouds, trees and houses stand


def generator(seed, *path):
    """The random numbers of one thing: the same whatever else has been drawn."""
    return np.random.default_rng([seed, *path])


def pick(r, names, chances=None):
    if chances is None:
        return names[int(r.integers(len(names)))]
    c = np.asarray(chances, float)
    return names[int(r.choice(len(names), p=c / c.sum()))]


def hair_color(r, skin, age):
    """Any colour goes with light skin; with dark skin it is mostly dark; the old are mostly grey or white."""
    if age == "old" and r.random() < 0.8:
        return pick(r, ["grey", "white"])
    light = [12, 14, 16, 14, 14, 20, 4, 3]
    dark = [34, 16, 9, 7, 5, 9, 4, 4]
    return pick(r, list(HAIR_COLORS), dark if skin > 0.5 else light)


def person(seed, number):
    r = generator(seed, 1, number)
    gender = pick(r, GENDERS)
    man = gender == "man"
    age = pick(r, AGES, [40, 36, 24])
    skin = float(r.random())
    style = pick(r, HAIR_STYLES, STYLE_CHANCES[gender])
    return Person(
        gender=gender, age=age, skin=skin, hair_color=hair_color(r, skin, age), hair_shift=tuple(r.uniform(-8, 8, 3)),
        hair_style=style, hair_volume=float(r.uniform(0, 1)), side=int(r.choice([-1, 1])),
        eye_color=pick(r, list(EYE_COLORS), [24, 16, 24, 22, 14] if skin < 0.5 else [36, 36, 8, 12, 8]),
        eye_size=float(r.uniform(0.92, 1.16) * (0.97 if man else 1.05)), eye_tilt=float(r.uniform(-6, 8)),
        shape=pick(r, SHAPES, [22, 24, 34, 20] if man else [30, 28, 12, 30]),
        width=float(r.uniform(43.5, 49.5)), chin=float(r.uniform(58, 66)), brow=pick(r, BROWS, [14, 40, 28, 18] if man else [30, 18, 20, 32]),
        nose=pick(r, NOSES), nose_size=float(r.uniform(0.85, 1.2)), mouth_width=float(r.uniform(12.5, 17.5)),
        lips=float(r.uniform(0, 0.45) if man else r.uniform(0.45, 1)),
        glasses=pick(r, GLASSES, [58, 16, 16, 10]), glasses_color=pick(r, list(GLASSES_COLORS), [40, 22, 20, 18]),
        beard=pick(r, BEARDS, [36, 10, 13, 12, 18, 11]) if man else "none", freckles=bool(r.random() < 0.18 and skin < 0.7),
        earrings=bool(r.random() < (0.07 if man else 0.4)), ears=float(r.uniform(0.85, 1.15)),
    )


def alike(p):
    """The same person in the one skin and hair colour of a test of everything else."""
    return dataclasses.replace(p, skin=0.35, hair_color="brown", hair_shift=(0, 0, 0))


def scene(seed, person_number, number, place=None):
    r = generator(seed, 2, person_number, number)
    where = place or pick(r, PLACES, [60, 7, 7, 7, 7, 6, 6])
    return Scene(
        clothes=pick(r, CLOTHES), clothes_color=pick(r, list(COLORS)), place=where, wall_color=pick(r, list(COLORS)),
        time=pick(r, TIMES, [50, 25, 25]) if where not in ("wall", "library") else "day",
        expression=pick(r, EXPRESSIONS, [40, 22, 22, 16]), gaze=pick(r, GAZES, [1, 3, 1]),
        tilt=float(r.normal(0, 2.5)), shift=tuple(r.uniform((-3, -2), (3, 3))), zoom=float(r.uniform(0.96, 1.04)),
        light=tuple(r.uniform(0.97, 1.03, 3)), layout=int(r.integers(1 << 30)),
    )


def neutral_light(seed, person_number, number):
    """The light of a face crop: brighter, darker, warmer or colder than a portrait's."""
    r = generator(seed, 3, person_number, number)
    warmth = r.uniform(-0.06, 0.06)
    return tuple(r.uniform(0.85, 1.08) * np.array([1 + warmth, 1, 1 - warmth]))
