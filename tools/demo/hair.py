"""Hair styles: what lies behind the head, and what lies on it. Units are pixels of a portrait, the head's centre is (0, 0)."""
import math

import numpy as np

from canvas import darker, lighter, mirrored, mix, open_curve

CROWN = -62  # top of the skull


def arc(width, top, bottom, points=9):
    """Half an ellipse around the skull from the left ear over the crown to the right one."""
    angles = np.linspace(math.pi, 0, points)
    return [(width * math.cos(a), bottom + (top - bottom) * math.sin(a)) for a in angles]


def cap(canvas, p, color, hairline, sides=4, top=8, bottom=-4):
    """Hair between an outline around the skull and the hairline, whose points run from the right to the left."""
    outer = open_curve(arc(p.width + sides, CROWN - top, bottom))
    canvas.polygon(np.concatenate([outer, open_curve(hairline)]), color)


def sheen(canvas, p, color, y=-46, share=0.16):
    """A lighter streak that makes hair look smooth."""
    w = p.width
    canvas.line([(-0.5 * w, y + 4), (-0.2 * w, y - 5), (0.15 * w, y - 6)], 4.5, lighter(color, share))


def curls(canvas, centers, radius, color):
    for x, y in centers:
        canvas.ellipse(x, y, radius, radius, color)
    for x, y in centers[::2]:
        canvas.line([(x - radius * 0.4, y), (x, y - radius * 0.45), (x + radius * 0.4, y - radius * 0.1)], 2, lighter(color, 0.14))


def tight(w):
    """The hairline of combed-back hair."""
    return [(w + 1, -2), (w - 5, -22), (0.55 * w, -42), (0, -47), (-0.55 * w, -42), (-w + 5, -22), (-w - 1, -2)]


# ---- behind the head

def back_afro(canvas, p, c):
    r = 66 + 9 * p.hair_volume
    canvas.ellipse(0, -20, r, r * 0.96, c)
    angles = np.linspace(0, 2 * math.pi, 22, endpoint=False)
    for a in angles:
        canvas.ellipse(r * 0.95 * math.cos(a), -20 + r * 0.9 * math.sin(a), 11, 11, c)


def back_bob(canvas, p, c):
    w, end = p.width + 13 + 4 * p.hair_volume, 46 + 12 * p.hair_volume
    canvas.shape([(0, CROWN - 12), (0.7 * w, -54), (w, -14), (w + 2, 26), (w - 4, end), (0.55 * w, end + 3), (0, end)] +
                 mirrored([(0.7 * w, -54), (w, -14), (w + 2, 26), (w - 4, end), (0.55 * w, end + 3)]), c)


def back_long(canvas, p, c):
    w = p.width + 12 + 4 * p.hair_volume
    right = [(0.7 * w, -55), (w, -14), (w, 40), (w + 5, 96), (w + 2, 130)]
    canvas.shape([(0, CROWN - 12), *right, (0, 134), *mirrored(right)], c)
    for x in (-w + 8, w - 8):
        canvas.line([(x, 20), (x * 1.02, 70), (x * 1.05, 112)], 3, darker(c, 0.16))


def back_wavy(canvas, p, c):
    w = p.width + 14 + 5 * p.hair_volume
    right = [(0.7 * w, -57), (w + 4, -22), (w - 1, 4), (w + 9, 26), (w + 1, 48), (w + 11, 70), (w + 3, 92), (w + 8, 112)]
    canvas.shape([(0, CROWN - 14), *right, (0.5 * w, 118), (0, 112), (-0.5 * w, 118), *mirrored(right)], c)
    for s in (-1, 1):
        canvas.line([(s * (w - 6), 6), (s * (w + 1), 28), (s * (w - 7), 50), (s * (w + 1), 74), (s * (w - 5), 96)], 3, darker(c, 0.16))


def back_ponytail(canvas, p, c):
    s, w = p.side, p.width
    tail = [(0.62 * w, -60), (w - 2, -76), (w + 20, -70), (w + 32, -36), (w + 29, 8), (w + 26, 48), (w + 12, 82), (w + 4, 60), (w + 5, 10), (w, -30)]
    canvas.shape([(s * x, y) for x, y in tail], c)
    canvas.line([(s * (w + 6), -62), (s * (w + 20), -34), (s * (w + 17), 10), (s * (w + 14), 52)], 3, darker(c, 0.16))
    canvas.ellipse(s * (0.8 * w), -57, 9, 9, (214, 60, 84))


def back_bun(canvas, p, c):
    r = 21 + 5 * p.hair_volume
    canvas.ellipse(0, CROWN - 17, r + 3, r, c)
    canvas.line([(-r * 0.5, CROWN - 22), (0, CROWN - 30), (r * 0.55, CROWN - 24)], 3, lighter(c, 0.16))
    canvas.line([(-13, CROWN - 1), (0, CROWN - 3), (13, CROWN - 1)], 5, darker(c, 0.3))


def back_braids(canvas, p, c):
    w = p.width
    for s in (-1, 1):
        for i in range(6):
            x, y = s * (w + 6 + 2 * (i % 2) + 1.5 * i), 18 + 17 * i
            canvas.ellipse(x, y, 13 - 0.7 * i, 12, c, 14 * s)
            canvas.line([(x - 7, y - 6), (x, y + 3), (x + 7, y - 6)], 2, darker(c, 0.22))
        canvas.ellipse(s * (w + 15), 110, 6, 6, (236, 170, 60))


def back_curls(canvas, p, c):
    angles = np.linspace(-0.15 * math.pi, 1.15 * math.pi, 11)
    r = p.width + 3 + 4 * p.hair_volume
    for a in angles:
        canvas.ellipse(r * math.cos(a), -12 - (r + 8) * math.sin(a), 15, 15, c)


# ---- on the head

def front_balding(canvas, p, c):
    w = p.width
    for s in (-1, 1):
        patch = [(w - 8, -38), (w + 4, -30), (w + 9, -8), (w + 6, 16), (w, 18), (w - 3, -4), (w - 6, -20)]
        canvas.shape([(s * x, y) for x, y in patch], c)
    canvas.line([(-12, CROWN + 8), (0, CROWN + 5), (10, CROWN + 8)], 3, lighter(c, 0.05))


def front_buzz(canvas, p, c):
    w = p.width
    line = [(w + 1, 4), (w - 5, -14), (0.78 * w, -32), (0.3 * w, -39), (0, -38), (-0.3 * w, -39), (-0.78 * w, -32), (-w + 5, -14), (-w - 1, 4)]
    cap(canvas, p, c, line, 1.5, 2.5, 2)


def front_side_part(canvas, p, c):
    w, s = p.width, p.side
    line = [(w + 2, 2), (w - 5, -16), (0.72 * w, -34), (0.1 * w, -40), (-0.5 * w, -52), (-0.8 * w, -34), (-w + 5, -16), (-w - 2, 2)]
    line = line if s > 0 else mirrored(line)
    cap(canvas, p, c, line, 5, 12 + 5 * p.hair_volume, 0)
    canvas.line([(-s * 0.5 * w, -51), (-s * 0.42 * w, -64)], 2.5, darker(c, 0.3))
    canvas.line([(-s * 0.2 * w, -58), (s * 0.3 * w, -56), (s * 0.7 * w, -42)], 3.5, lighter(c, 0.16))


def front_quiff(canvas, p, c):
    w, h = p.width, 26 + 7 * p.hair_volume
    line = [(w + 1, 0), (w - 5, -18), (0.74 * w, -36), (0, -42), (-0.74 * w, -36), (-w + 5, -18), (-w - 1, 0)]
    cap(canvas, p, darker(c, 0.14), line, 1.5, 3, 0)
    s = p.side
    top = [(-0.86 * w, -38), (-0.92 * w, -62), (-0.5 * w, -64 - 0.7 * h), (0.2 * w, -62 - h), (0.85 * w, -60 - 0.8 * h), (0.98 * w, -54), (0.8 * w, -36),
           (0.2 * w, -46), (-0.4 * w, -40)]
    canvas.shape([(s * x, y) for x, y in top], c)
    canvas.line([(-s * 0.5 * w, -58), (s * 0.1 * w, -72), (s * 0.6 * w, -74)], 4, lighter(c, 0.16))


def front_curls(canvas, p, c):
    w = p.width
    rows = [(0.92 * w, -28), (0.66 * w, -46), (0.33 * w, -52), (0, -50), (-0.33 * w, -53), (-0.66 * w, -46), (-0.92 * w, -28)]
    cap(canvas, p, c, tight(w), 2, 8, -6)
    curls(canvas, [*rows, *arc(0.8 * w, CROWN - 10, -30, 6)], 14, c)


def front_afro(canvas, p, c):
    w = p.width
    line = [(w + 3, 4), (w - 4, -16), (0.7 * w, -36), (0.3 * w, -44), (0, -43), (-0.3 * w, -44), (-0.7 * w, -36), (-w + 4, -16), (-w - 3, 4)]
    cap(canvas, p, c, line, 4, 10, 4)


def front_bangs(canvas, p, c):
    """A straight fringe, and strands in front of the ears."""
    w, y = p.width, -21
    line = [(w - 4, 30), (w - 9, 4), (w - 10, y), (0.4 * w, y + 1), (0, y - 1), (-0.4 * w, y + 1), (-w + 10, y), (-w + 9, 4), (-w + 4, 30)]
    outer = arc(p.width + 10, CROWN - 12, 6)
    canvas.polygon(np.concatenate([[(-w - 8, 30)], open_curve(outer), [(w + 8, 30)], np.array(line)]), c)
    for x in (-0.45, 0.05, 0.5):
        canvas.line([(x * w, y - 2), (x * w * 0.9, y - 15)], 2, darker(c, 0.16))
    sheen(canvas, p, c, -48)


def front_long(canvas, p, c):
    """Parted in the middle, falling at both sides of the face."""
    w = p.width
    for s in (-1, 1):
        strand = [(-2, CROWN - 11), (0.6 * w, -60), (w + 9, -24), (w + 9, 30), (w + 8, 84), (w - 3, 80), (w - 2, 30), (w - 8, -10), (0.55 * w, -36), (0, -54)]
        canvas.shape([(s * x, y) for x, y in strand], c)
    canvas.line([(0, -52), (0, CROWN - 9)], 2.5, darker(c, 0.25))
    sheen(canvas, p, c, -50)


def front_wavy(canvas, p, c):
    """Parted at one side: a big wave over the forehead."""
    w, s = p.width, p.side
    big = [(-0.45 * w, CROWN - 12), (0.3 * w, CROWN - 13), (w + 8, -36), (w + 12, 4), (w + 7, 30), (w - 1, 28), (w - 5, -4), (0.66 * w, -24), (0.1 * w, -36), (-0.4 * w, -52)]
    small = [(-0.35 * w, CROWN - 12), (-0.8 * w, -58), (-w - 10, -24), (-w - 9, 20), (-w - 1, 24), (-w + 6, -10), (-0.78 * w, -32), (-0.45 * w, -50)]
    for part in (small, big):
        canvas.shape([(s * x, y) for x, y in part], c)
    canvas.line([(-s * 0.1 * w, -56), (s * 0.45 * w, -48), (s * 0.85 * w, -22)], 4, lighter(c, 0.16))


def front_combed(canvas, p, c):
    cap(canvas, p, c, tight(p.width), 4, 9, -2)
    for x in (-0.5, 0, 0.5):
        canvas.line([(x * p.width, -48 + 8 * abs(x)), (x * 0.8 * p.width, -63 + 9 * abs(x))], 2, darker(c, 0.15))


def front_braids(canvas, p, c):
    cap(canvas, p, c, tight(p.width), 5, 9, 4)
    canvas.line([(0, -48), (0, CROWN - 7)], 2.5, darker(c, 0.25))
    sheen(canvas, p, c, -54)


def nothing(canvas, p, c):
    pass


STYLES = {
    "bald": (nothing, nothing), "balding": (nothing, front_balding), "buzz": (nothing, front_buzz),
    "side part": (nothing, front_side_part), "quiff": (nothing, front_quiff), "curls": (back_curls, front_curls),
    "afro": (back_afro, front_afro), "bob": (back_bob, front_bangs), "long": (back_long, front_long),
    "wavy": (back_wavy, front_wavy), "ponytail": (back_ponytail, front_combed), "bun": (back_bun, front_combed),
    "braids": (back_braids, front_braids),
}

def draw_back(canvas, p, color):
    STYLES[p.hair_style][0](canvas, p, darker(color, 0.12))


def draw_front(canvas, p, color, skin):
    STYLES[p.hair_style][1](canvas, p, mix(color, skin, 0.3) if p.hair_style == "buzz" else color)


def draw_over_shoulders(canvas, p, color):
    """The ends of long hair that lie on the clothes."""
    c, w = darker(color, 0.12), p.width
    if p.hair_style == "long":
        for s in (-1, 1):
            canvas.shape([(s * x, y) for x, y in [(w - 6, 40), (w + 12, 40), (w + 17, 96), (w + 10, 132), (w - 12, 132), (w - 10, 90)]], c)
    elif p.hair_style == "wavy":
        for s in (-1, 1):
            lock = [(w - 6, 40), (w + 15, 46), (w + 25, 70), (w + 17, 92), (w + 21, 114), (w + 2, 120), (w - 8, 100), (w - 2, 70)]
            canvas.shape([(s * x, y) for x, y in lock], c)
    elif p.hair_style in ("braids", "ponytail"):
        draw_back(canvas, p, color)
