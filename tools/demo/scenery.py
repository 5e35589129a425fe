"""Backgrounds and clothes."""
import numpy as np

from canvas import darker, lighter, mirrored, mix
from people import COLORS

SKY = {"day": ((108, 184, 240), (206, 234, 250)), "sunset": ((240, 112, 84), (255, 208, 120)), "night": ((16, 22, 66), (52, 62, 124))}
LIGHT = {"day": (1.0, 1.0, 1.0), "sunset": (1.04, 0.96, 0.89), "night": (0.86, 0.89, 1.0)}


def shaded(color, time):
    """What a colour of the landscape is at a time of the day."""
    return {"day": color, "sunset": mix(color, (214, 96, 60), 0.3), "night": mix(color, (16, 22, 60), 0.58)}[time]


def draw_sky(canvas, time, r):
    canvas.gradient(*SKY[time])
    left = r.random() < 0.5
    x = 18 if left else 142
    if time == "night":
        canvas.ellipse(x, 26, 11, 11, (246, 240, 206))
        canvas.ellipse(x + 5, 23, 9, 9, SKY["night"][0])
        for i in range(6):
            canvas.ellipse(r.uniform(6, 154), r.uniform(6, 90), 1.8, 1.8, (240, 236, 214))
    elif time == "sunset":
        canvas.ellipse(x, 74, 17, 17, (255, 236, 150))
    else:
        canvas.ellipse(x, 24, 12, 12, (255, 232, 110))
        for dx, dy, k in ((0, 0, 1), (14, 3, 0.8), (-13, 4, 0.7)):
            canvas.ellipse(160 - x + dx, 38 + dy, 13 * k, 9 * k, (250, 252, 255))


def beach(canvas, time, r):
    draw_sky(canvas, time, r)
    sea = shaded((32, 128, 196), time)
    canvas.gradient(sea, lighter(sea, 0.15), 100, 150)
    canvas.gradient(shaded((244, 222, 160), time), shaded((230, 200, 136), time), 150)
    canvas.line([(-4, 150), (40, 147), (90, 151), (164, 147)], 4, shaded((240, 250, 252), time))


def forest(canvas, time, r):
    draw_sky(canvas, time, r)
    canvas.gradient(shaded((96, 150, 74), time), shaded((70, 120, 58), time), 150)
    for x in (2, 30, 130, 158):
        x, k = x + r.uniform(-5, 5), r.uniform(0.9, 1.15)
        canvas.polygon([(x - 4, 120), (x + 4, 120), (x + 5, 176), (x - 5, 176)], shaded((108, 74, 48), time))
        green = shaded((46, 118, 62), time)
        for y, half in ((138, 25), (108, 21), (80, 16)):
            canvas.polygon([(x - half * k, y), (x + half * k, y), (x, y - 46 * k)], green)
            green = lighter(green, 0.07)


def mountains(canvas, time, r):
    draw_sky(canvas, time, r)
    for x, top, color in ((128, 46, (124, 134, 164)), (22, 58, (102, 114, 148))):
        x, color = x + r.uniform(-10, 10), shaded(color, time)
        canvas.polygon([(x - 90, 180), (x, top), (x + 90, 180)], color)
        snow = shaded((246, 248, 252), time)
        canvas.polygon([(x - 19, top + 28), (x, top), (x + 19, top + 28), (x + 8, top + 23), (x, top + 30), (x - 8, top + 23)], snow)
    canvas.gradient(shaded((112, 164, 92), time), shaded((84, 136, 72), time), 168)


def city(canvas, time, r):
    draw_sky(canvas, time, r)
    lit = {"day": (206, 226, 240), "sunset": (255, 226, 150), "night": (255, 220, 110)}[time]
    for x, width, top in ((-4, 28, 66), (26, 22, 96), (110, 24, 88), (136, 30, 58)):
        top += r.uniform(-10, 10)
        canvas.polygon([(x, top), (x + width, top), (x + width, 224), (x, 224)], shaded(mix((126, 132, 150), (160, 120, 104), r.random()), time))
        for row in range(6):
            for column in range(2):
                left, y = x + 5 + column * (width - 6) / 2, top + 9 + 20 * row
                canvas.polygon([(left, y), (left + 6, y), (left + 6, y + 10), (left, y + 10)], lit)


def field(canvas, time, r):
    draw_sky(canvas, time, r)
    canvas.shape([(-30, 130), (30, 112), (90, 124), (190, 104), (200, 260), (-40, 260)], shaded((124, 178, 80), time))
    canvas.shape([(-30, 156), (50, 146), (120, 154), (190, 140), (200, 270), (-40, 270)], shaded((236, 196, 76), time))


def library(canvas, time, r):
    canvas.gradient((122, 80, 52), (104, 66, 44))
    for shelf in range(4):
        y, x = 50 + 54 * shelf, -3
        while x < 160:
            width = r.uniform(9, 14)
            top = y - r.uniform(32, 42)
            color = mix(COLORS[["red", "blue", "green", "yellow", "teal", "white"][int(r.integers(6))]], (110, 70, 50), 0.25)
            canvas.polygon([(x, top), (x + width - 1.5, top), (x + width - 1.5, y), (x, y)], color)
            x += width
        canvas.polygon([(0, y), (160, y), (160, y + 8), (0, y + 8)], (156, 108, 70))


PLACES = {"beach": beach, "forest": forest, "mountains": mountains, "city": city, "field": field, "library": library}


def draw_background(canvas, scene):
    if scene.place == "wall":
        color = COLORS[scene.wall_color]
        canvas.gradient(lighter(color, 0.06), darker(color, 0.06))
    else:
        PLACES[scene.place](canvas, scene.time, np.random.default_rng(scene.layout))


# ---- clothes, in the units of a face

SHOULDERS = [(20, 76), (40, 84), (66, 92), (84, 112), (90, 150)]


def draw_neck(canvas, skin, man):
    w = 21 if man else 17
    canvas.polygon([(-w, 30), (w, 30), (w + 2, 96), (-w - 2, 96)], skin)
    canvas.shape([(-w, 48), (w, 48), (w, 64), (0, 78), (-w, 64)], darker(skin, 0.18))


def draw_torso(canvas, color):
    canvas.shape([(0, 78), *SHOULDERS, (0, 160), *mirrored(SHOULDERS)], color)


def draw_hood(canvas, scene):
    if scene.clothes == "hoodie":
        color = darker(COLORS[scene.clothes_color], 0.3)
        canvas.shape([(0, 40), (34, 50), (50, 78), (40, 100), (0, 108), (-40, 100), (-50, 78), (-34, 50)], color)


def draw_clothes(canvas, scene, skin, man):
    color = COLORS[scene.clothes_color]
    edge = lighter(color, 0.22) if scene.clothes_color == "black" else darker(color, 0.26)
    draw_torso(canvas, color)
    CLOTHES[scene.clothes](canvas, color, edge, skin, 21 if man else 17)
    for s in (-1, 1):
        canvas.line([(s * 58, 118), (s * 60, 132), (s * 61, 150)], 2.5, edge)


def round_neck(canvas, edge, skin, w):
    canvas.ellipse(0, 79, w + 9, 16, edge)
    canvas.ellipse(0, 76, w + 5, 14, skin)


def t_shirt(canvas, color, edge, skin, w):
    round_neck(canvas, edge, skin, w)


def shirt(canvas, color, edge, skin, w):
    canvas.polygon([(-w - 2, 76), (w + 2, 76), (0, 104)], skin)
    canvas.line([(0, 104), (0, 150)], 2.5, edge)
    for s in (-1, 1):
        canvas.polygon([(s * (w - 1), 68), (s * (w + 10), 80), (s * 17, 106), (s * 0, 100)], edge)
        canvas.polygon([(s * (w + 1), 68), (s * (w + 9), 79), (s * 16, 102), (s * 2, 98)], lighter(color, 0.3))
    for y in (114, 130):
        canvas.ellipse(0, y, 2.6, 2.6, edge)


def sweater(canvas, color, edge, skin, w):
    canvas.shape([(-w - 4, 64), (0, 68), (w + 4, 64), (w + 7, 84), (0, 92), (-w - 7, 84)], edge)
    canvas.shape([(-w - 3, 67), (0, 71), (w + 3, 67), (w + 5, 81), (0, 88), (-w - 5, 81)], lighter(color, 0.12))


def hoodie(canvas, color, edge, skin, w):
    canvas.shape([(-w - 16, 78), (-w, 72), (0, 92), (w, 72), (w + 16, 78), (0, 112)], edge)
    canvas.polygon([(-w - 1, 74), (w + 1, 74), (0, 92)], skin)
    for s in (-1, 1):
        canvas.line([(s * 11, 100), (s * 12, 124)], 3, lighter(color, 0.65))


def striped(canvas, color, edge, skin, w):
    stripe = (40, 44, 60) if sum(color) > 600 else (246, 246, 242)
    for y in (98, 112, 126, 140):
        half = 62 + 0.55 * (y - 98)
        canvas.polygon([(-half, y), (half, y), (half + 2, y + 6), (-half - 2, y + 6)], stripe)
    round_neck(canvas, edge, skin, w)


def jacket(canvas, color, edge, skin, w):
    canvas.polygon([(-w - 4, 76), (w + 4, 76), (0, 150)], (248, 248, 246) if sum(color) < 690 else (90, 110, 150))
    canvas.polygon([(-w, 74), (w, 74), (0, 96)], skin)
    for s in (-1, 1):
        canvas.polygon([(s * (w + 2), 72), (s * (w + 16), 82), (s * (w + 18), 104), (s * 1, 152), (s * 1, 140)], edge)


CLOTHES = {"t-shirt": t_shirt, "shirt": shirt, "sweater": sweater, "hoodie": hoodie, "striped shirt": striped, "jacket": jacket}
