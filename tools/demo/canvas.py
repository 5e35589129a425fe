"""A drawing surface with smooth shapes: polygons of Pillow, drawn larger and averaged down."""
import math

import numpy as np
from PIL import Image, ImageDraw

SUPERSAMPLING = 3
STEPS = 7  # straight pieces of a curve between two of its points


def catmull_rom_basis():
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    powers = np.concatenate([np.ones_like(t), t, t**2, t**3], 1)
    matrix = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return powers @ matrix


BASIS = catmull_rom_basis()
ANGLES = np.linspace(0, 2 * np.pi, 28, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)


def closed_curve(points):
    """A smooth closed curve through points [N,2]."""
    p = np.asarray(points, float)
    corners = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)], 1)
    return np.einsum("sk,nkd->nsd", BASIS, corners).reshape(-1, 2)


def open_curve(points):
    """A smooth curve from the first of points [N,2] to the last."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    corners = np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]], 1)
    return np.concatenate([np.einsum("sk,nkd->nsd", BASIS, corners).reshape(-1, 2), p[-2:-1]])


def mirrored(points):
    """The same points at the other side of the axis x = 0, in the reverse order: both together are an outline."""
    return [(-x, y) for x, y in reversed(points)]


def mix(a, b, share):
    """Colour a with a share of colour b."""
    return tuple((1 - share) * x + share * y for x, y in zip(a, b))


def darker(color, share=0.2):
    return mix(color, (20, 10, 40), share)


def lighter(color, share=0.2):
    return mix(color, (255, 250, 240), share)


def rgb(color):
    return tuple(int(min(max(v, 0), 255)) for v in color)


class Canvas:
    """Pixels are those of the finished picture; place() sets where the units of the next shapes lie in it."""

    def __init__(self, width, height, color):
        self.size = width, height
        self.image = Image.new("RGB", (width * SUPERSAMPLING, height * SUPERSAMPLING), rgb(color))
        self.pen = ImageDraw.Draw(self.image)
        self.place(0, 0)

    def place(self, x, y, scale=1.0, degrees=0.0):
        angle = math.radians(degrees)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        self.origin = np.array([x, y]) * SUPERSAMPLING
        self.matrix = turn * scale * SUPERSAMPLING
        self.scale = scale * SUPERSAMPLING

    def polygon(self, points, color):
        p = np.asarray(points, float) @ self.matrix + self.origin
        self.pen.polygon(p.ravel().tolist(), fill=rgb(color))

    def shape(self, points, color):
        self.polygon(closed_curve(points), color)

    def ellipse(self, x, y, rx, ry, color, degrees=0.0):
        angle = math.radians(degrees)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        self.polygon(CIRCLE * (rx, ry) @ turn + (x, y), color)

    def line(self, points, width, color):
        """A smooth line with round ends."""
        p = open_curve(points) @ self.matrix + self.origin
        thick = max(1, round(width * self.scale))
        self.pen.line(p.ravel().tolist(), fill=rgb(color), width=thick, joint="curve")
        r = thick / 2
        for x, y in (p[0], p[-1]):
            self.pen.ellipse((x - r, y - r, x + r, y + r), fill=rgb(color))

    def gradient(self, top, bottom, y0=0, y1=None):
        """Fills the rows from y0 to y1 of the whole width with colours from top to bottom."""
        y1 = self.size[1] if y1 is None else y1
        strip = np.linspace(rgb(top), rgb(bottom), int((y1 - y0) * SUPERSAMPLING)).round().astype(np.uint8)[:, None]
        strip = Image.fromarray(strip).resize((self.image.width, strip.shape[0]), Image.NEAREST)
        self.image.paste(strip, (0, int(y0 * SUPERSAMPLING)))

    def pixels(self, tint=(1, 1, 1)):
        """The picture [height,width,3] uint8, its colours multiplied by tint."""
        a = np.asarray(self.image.reduce(SUPERSAMPLING))
        if tuple(tint) == (1, 1, 1):
            return a
        tables = [np.clip(np.arange(256) * t + 0.5, 0, 255).astype(np.uint8) for t in tint]
        return np.stack([table[a[..., i]] for i, table in enumerate(tables)], -1)
