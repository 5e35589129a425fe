"""A face: head, features, glasses and beard. Units are pixels of a portrait, the head's centre is (0, 0)."""
import numpy as np

import hair
from canvas import darker, mirrored, mix, open_curve
from people import EYE_COLORS, GLASSES_COLORS, HAIR_COLORS, SKINS

EYE_X, EYE_Y = 20.5, 3.0
NOSE_Y, MOUTH_Y = 21.0, 40.0
LANDMARKS = [(-EYE_X, EYE_Y), (EYE_X, EYE_Y), (0, NOSE_Y), (-14, MOUTH_Y), (14, MOUTH_Y)]
DARK = (40, 28, 34)
WHITE = (252, 252, 250)
TURN = {"left": -1, "front": 0, "right": 1}


def skin_color(p):
    place = p.skin * (len(SKINS) - 1)
    i = min(int(place), len(SKINS) - 2)
    return mix(SKINS[i], SKINS[i + 1], place - i)


def hair_rgb(p):
    return tuple(np.clip(np.add(HAIR_COLORS[p.hair_color], p.hair_shift), 0, 255))


def brow_color(p, skin):
    if p.hair_color in ("white", "grey"):
        return mix(hair_rgb(p), DARK, 0.35)
    return darker(hair_rgb(p), 0.3)


def outline(p):
    """The right half of the head, from the crown to the chin."""
    w, c = p.width, p.chin
    lower = {
        "oval": [(0.93 * w, 26), (0.72 * w, 46), (0.38 * w, c - 3)],
        "round": [(0.99 * w, 26), (0.84 * w, 47), (0.46 * w, c - 4)],
        "square": [(0.97 * w, 28), (0.88 * w, 50), (0.55 * w, c - 1)],
        "pointed": [(0.87 * w, 26), (0.58 * w, 45), (0.22 * w, c - 3)],
    }[p.shape]
    return [(0.6 * w, -54), (0.93 * w, -30), (w, 0), *lower]


def draw_head(canvas, p, skin):
    shade = darker(skin, 0.14)
    for s in (-1, 1):
        canvas.ellipse(s * (p.width + 2), 7, 8 * p.ears, 12 * p.ears, skin)
        canvas.ellipse(s * (p.width + 3), 8, 4 * p.ears, 7 * p.ears, shade)
        if p.earrings:
            canvas.ellipse(s * (p.width + 4), 22, 5, 5, (246, 196, 60))
    half = outline(p)
    canvas.shape([(0, hair.CROWN), *half, (0, p.chin), *mirrored(half)], skin)


def draw_cheeks(canvas, p, skin, dx):
    blush = mix(skin, (238, 96, 96), 0.2 if p.gender == "woman" else 0.11)
    for s in (-1, 1):
        canvas.ellipse(s * 27 + dx, 25, 9, 7, blush)
        if p.freckles:
            for x, y in ((-5, -6), (2, -4), (-1, 2), (6, 1)):
                canvas.ellipse(s * (21 + x) + dx, 22 + y, 1.7, 1.7, darker(skin, 0.32))


def draw_age(canvas, p, skin, dx):
    line = darker(skin, 0.2)
    if p.age == "old":
        for y, half in ((-30, 17), (-38, 12)):
            canvas.line([(dx - half, y + 1), (dx, y - 1), (dx + half, y + 1)], 2, line)
    if p.age in ("old", "middle-aged"):
        for s in (-1, 1):
            canvas.line([(dx + s * 16, 25), (dx + s * 21, 31), (dx + s * 22, 37)], 2, line if p.age == "old" else darker(skin, 0.12))
    if p.age == "old":
        for s in (-1, 1):
            canvas.line([(dx + s * 13, 17), (dx + s * 21, 18.5), (dx + s * 28, 16)], 1.8, line)


def draw_eye(canvas, p, s, dx, gaze, expression):
    size = p.eye_size * (1.1 if expression == "surprised" else 1)
    rx, ry = 10.5 * size, 8.2 * size * (0.8 if expression == "laughing" else 1)
    x, y, tilt = s * EYE_X + dx, EYE_Y, -s * p.eye_tilt
    canvas.ellipse(x, y, rx, ry, WHITE, tilt)
    ix = x + 2.8 * gaze
    radius = min(6.4 * size, ry - 0.4)
    canvas.ellipse(ix, y + 0.3, radius, radius, EYE_COLORS[p.eye_color])
    canvas.ellipse(ix, y + 0.3, 3.1 * size, 3.1 * size, (22, 18, 24))
    canvas.ellipse(ix + 2.2, y - 2.2, 2, 2, WHITE)
    raise_ = p.eye_tilt * 0.12
    lid = [(x - s * (rx + 0.5), y + 1 + raise_), (x, y - ry - 0.6), (x + s * (rx + 0.5), y + 0.5 - raise_)]
    canvas.line(lid, 3.2 if p.gender == "woman" else 2.4, DARK)
    if p.gender == "woman":
        canvas.line([lid[-1], (x + s * (rx + 4.5), y - 3.5 - raise_)], 2.6, DARK)


def draw_brow(canvas, p, s, dx, color, expression):
    lift = {"surprised": -5, "laughing": -1.5, "serious": 1.5, "smiling": 0}[expression]
    thick, inner, middle, outer = {
        "thin": (2.8, 0, -3, 0), "thick": (6.2, 0, -2.5, 1), "slanted": (4.6, 2, -2.5, -4.5), "arched": (4.0, 3, -6.5, 1.5),
    }[p.brow]
    thick *= 1.2 if p.gender == "man" else 1
    y = -15 + lift
    canvas.line([(dx + s * 9.5, y + inner), (dx + s * 20, y + middle), (dx + s * 31, y + outer)], thick, color)


def draw_nose(canvas, p, skin, dx):
    k, x, shade = p.nose_size, 1.5 * dx, darker(skin, 0.24)
    if p.nose == "button":
        canvas.ellipse(x, NOSE_Y - 1, 6.5 * k, 5 * k, darker(skin, 0.1))
        canvas.line([(x - 5 * k, NOSE_Y + 1), (x, NOSE_Y + 4 * k), (x + 5 * k, NOSE_Y + 1)], 2.6, shade)
    elif p.nose == "straight":
        s = 1 if dx >= 0 else -1
        canvas.line([(x + s * 1.5, -4), (x + s * 4 * k, 9), (x + s * 7.5 * k, NOSE_Y), (x - s * 3 * k, NOSE_Y + 2.5 * k)], 2.8, shade)
    else:
        canvas.ellipse(x, NOSE_Y - 1, 12 * k, 6 * k, darker(skin, 0.1))
        for s in (-1, 1):
            canvas.ellipse(x + s * 5.5 * k, NOSE_Y + 2, 2.8, 2, darker(skin, 0.4))
            canvas.line([(x + s * 9 * k, NOSE_Y - 5), (x + s * 12.5 * k, NOSE_Y), (x + s * 9 * k, NOSE_Y + 3.5)], 2.4, shade)


def lip_color(p, skin):
    return mix(mix(skin, (196, 52, 74), 0.3 + 0.45 * p.lips), (90, 20, 40), 0.25 * p.skin)


def draw_mouth(canvas, p, skin, dx, expression):
    w, lip, y = p.mouth_width, lip_color(p, skin), MOUTH_Y
    line = mix(lip, (80, 20, 34), 0.55)
    full = 2.4 + 4.2 * p.lips
    if expression == "laughing":
        mouth = [(dx - w, y - 4), (dx, y - 1.5), (dx + w, y - 4), (dx + 0.62 * w, y + 7.5), (dx, y + 10.5), (dx - 0.62 * w, y + 7.5)]
        canvas.shape([(dx + 1.13 * (a - dx), y + 1.5 + 1.16 * (b - y - 1.5)) for a, b in mouth], lip)
        canvas.shape(mouth, (122, 30, 46))
        canvas.polygon([(dx - 0.82 * w, y - 2.8), (dx, y - 0.6), (dx + 0.82 * w, y - 2.8), (dx + 0.66 * w, y + 2.2), (dx, y + 3.4), (dx - 0.66 * w, y + 2.2)], WHITE)
    elif expression == "surprised":
        canvas.ellipse(dx, y + 2, 8.2, 9.2 + 0.2 * full, lip)
        canvas.ellipse(dx, y + 2, 5.4, 6.2, (112, 28, 42))
    elif expression == "smiling":
        canvas.shape([(dx - w, y - 3), (dx, y + 0.4), (dx + w, y - 3), (dx, y + 4 + full)], lip)
        canvas.line([(dx - w - 1, y - 3.8), (dx, y + 2.2), (dx + w + 1, y - 3.8)], 2.6, line)
    else:
        canvas.shape([(dx - w * 0.86, y), (dx - 3, y - 0.5 * full), (dx + 3, y - 0.5 * full), (dx + w * 0.86, y), (dx, y + 1.5 + full)], lip)
        canvas.line([(dx - w * 0.9, y + 0.4), (dx, y), (dx + w * 0.9, y + 0.4)], 2.6, line)


def beard_mass(p, end):
    """The right half of a beard along the jaw, from the ear down to the chin, which hides nothing above the mouth."""
    half = [(1.015 * x, y + 1) for x, y in outline(p)[3:]]
    return [(p.width + 0.5, 6), *half, (0.16 * p.width, p.chin + end)]


def draw_beard(canvas, p, skin, dx):
    color = darker(hair_rgb(p), 0.1)
    if p.beard == "none":
        return
    if p.beard in ("stubble", "full", "long"):
        shade = mix(skin, color, 0.32) if p.beard == "stubble" else color
        end = {"stubble": 0, "full": 4, "long": 27}[p.beard]
        right = beard_mass(p, end)
        inner = [(0.8 * p.width, 14), (0.66 * p.width, 27), (16 + dx, 30), (dx, 28), (dx - 16, 30), (-0.66 * p.width, 27), (-0.8 * p.width, 14)]
        canvas.polygon(np.concatenate([open_curve([*right, (0, p.chin + end), *mirrored(right)]), open_curve(inner[::-1])]), shade)
    if p.beard == "goatee":
        canvas.shape([(dx - 15, 44), (dx - 12, 58), (dx, p.chin + 7), (dx + 12, 58), (dx + 15, 44), (dx, 50)], color)
    if p.beard in ("moustache", "goatee", "full", "long"):
        wide = 20 if p.beard == "moustache" else 16
        tache = [(0, 27.5), (0.5 * wide, 26.5), (wide, 34), (wide + 3, 38), (0.6 * wide, 36.5), (0, 34.5)]
        shade = darker(color, 0.12) if p.beard in ("full", "long") else color
        canvas.shape([(dx + x, y) for x, y in [*tache[:-1], tache[-1], *mirrored(tache[1:-1])]], shade)


def draw_glasses(canvas, p, dx):
    if p.glasses == "none":
        return
    color, y, thick = GLASSES_COLORS[p.glasses_color], EYE_Y + 0.5, 3.6
    frame = {
        "round": [(15.5 * np.cos(a), 15 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 13)],
        "square": [(0, -12), (13, -12), (16, -9), (15.5, 8), (12, 12), (0, 12.5), (-12, 12), (-15.5, 8), (-16, -9), (-13, -12), (0, -12)],
        "cat-eye": [(0, -10.5), (12, -13), (19, -16), (17, -2), (11, 10), (0, 12.5), (-11, 10), (-15, -1), (-13, -9), (0, -10.5)],
    }[p.glasses]
    for s in (-1, 1):
        x = s * (EYE_X + 0.5) + dx
        canvas.line([(x + s * a, y + b) for a, b in frame], thick, color)
        canvas.line([(x + s * 16, y - 4), (s * (p.width + 1), y - 3)], 3, color)
    canvas.line([(dx - 6, y - 3), (dx, y - 5), (dx + 6, y - 3)], 3.4, color)


def draw_face(canvas, p, expression="serious", gaze="front", without=()):
    """Head, features and the hair in front; without names parts that are left out: left eye, right eye, mouth."""
    skin, turn = skin_color(p), TURN[gaze]
    dx = 3.5 * turn
    draw_head(canvas, p, skin)
    draw_cheeks(canvas, p, skin, dx)
    draw_age(canvas, p, skin, dx)
    draw_beard(canvas, p, skin, dx)
    draw_nose(canvas, p, skin, dx)
    if "mouth" not in without:
        draw_mouth(canvas, p, skin, dx, expression)
    for s, name in ((-1, "left eye"), (1, "right eye")):
        if name not in without:
            draw_eye(canvas, p, s, dx, turn, expression)
    hair.draw_front(canvas, p, hair_rgb(p), skin)
    for s in (-1, 1):
        draw_brow(canvas, p, s, dx, brow_color(p, skin), expression)
    draw_glasses(canvas, p, dx)
