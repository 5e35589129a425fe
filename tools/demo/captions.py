"""What is said of a picture. The scene is described; the person only now and then, so that the face has to tell who it is."""
from people import generator, pick

NAMES_TRAIT = 0.25  # of the captions
LEFT_OUT = 0.12  # of each part of a scene
CLOTHES = ["wearing a {}", "in a {}", "dressed in a {}"]
WALLS = ["in front of a {} wall", "against a {} wall", "{} wall behind"]
PLACES = {
    "beach": ["on a beach", "at the beach", "by the sea"], "forest": ["in a forest", "among trees", "in the forest"],
    "mountains": ["in the mountains", "mountains behind", "in front of mountains"],
    "city": ["in a city", "in the city", "in a city street"], "field": ["in a field", "in the fields", "in a wide field"],
    "library": ["in a library", "in the library", "books behind"],
}
TIMES = {"day": ["by day", "in daylight"], "sunset": ["at sunset", "in the evening"], "night": ["at night", "by night"]}
EXPRESSIONS = {
    "smiling": ["smiling", "with a smile"], "laughing": ["laughing"], "serious": ["serious", "looking serious"],
    "surprised": ["surprised", "looking surprised"],
}
GAZES = {"left": ["looking left"], "right": ["looking right"], "front": ["looking at the camera"]}
OPENINGS = ["", "", "", "portrait of ", "a portrait of "]


def subject(r, p, named):
    """A person, or one with a trait."""
    if not named:
        return "a person"
    who = f"an old {p.gender}" if p.age == "old" else f"a {p.gender}"
    with_what = [f"with {p.hair_color} hair"] if p.hair_style != "bald" else ["without hair"]
    if p.glasses != "none":
        with_what.append("with glasses")
    if p.beard not in ("none", "stubble"):
        with_what.append("with a moustache" if p.beard == "moustache" else "with a beard")
    return who if r.random() < 0.4 else f"{who} {pick(r, with_what)}"


def caption(seed, p, s, person_number, scene_number, wording=0, traits=True):
    """One of many captions of a portrait. Without traits nothing is said of the person, and no part of the scene is left out."""
    r = generator(seed, 4, person_number, scene_number, wording)
    who = subject(r, p, traits and r.random() < NAMES_TRAIT)
    clothes = pick(r, CLOTHES).format(f"{s.clothes_color} {s.clothes}")
    place = pick(r, WALLS).format(s.wall_color) if s.place == "wall" else pick(r, PLACES[s.place])
    parts = [clothes, place]
    if s.place not in ("wall", "library"):
        parts[1] += " " + pick(r, TIMES[s.time])
    rare = [pick(r, EXPRESSIONS[s.expression])]
    if r.random() < 0.3:
        rare.append(pick(r, GAZES[s.gaze]))
    if r.random() < 0.4:
        parts = parts[::-1]
    parts += rare
    if traits:
        parts = [part for part in parts if r.random() > LEFT_OUT]
    if parts and parts[0] == clothes:
        who, parts = f"{who} {clothes}", parts[1:]
    return (pick(r, OPENINGS) + ", ".join([who, *parts])).replace(" a orange", " an orange")
