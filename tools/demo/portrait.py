"""Pictures of a person: a portrait in a scene, and the crop of the face that identity is read from.

python portrait.py OUT.png [--seed S]   draws a sheet of persons: the face crop, then three scenes
"""
import argparse

import numpy as np
from PIL import Image

import hair
import head
import people
import scenery
from canvas import Canvas

WIDTH, HEIGHT, CROP = 160, 224, 112
HEAD = 80, 110  # where the head's centre lies in a portrait

# Where an aligned face has its eyes, its nose and the corners of its mouth. The crop is looser than that by MARGIN around
# the middle of the eyes: hair tells drawn people apart better than the rest, and has to be seen.
TEMPLATE = [(38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2)]
MARGIN = 1.35


def draw_portrait(person, scene, without=()):
    """The person in the scene, [224,160,3] uint8."""
    canvas = Canvas(WIDTH, HEIGHT, (0, 0, 0))
    scenery.draw_background(canvas, scene)
    x, y = np.add(HEAD, scene.shift)
    body = (x, y, scene.zoom)
    skin, color, man = head.skin_color(person), head.hair_rgb(person), person.gender == "man"
    canvas.place(*body, scene.tilt)
    hair.draw_back(canvas, person, color)
    canvas.place(*body)
    scenery.draw_hood(canvas, scene)
    scenery.draw_neck(canvas, skin, man)
    scenery.draw_clothes(canvas, scene, skin, man)
    canvas.place(*body, scene.tilt)
    hair.draw_over_shoulders(canvas, person, color)
    head.draw_face(canvas, person, scene.expression, scene.gaze, without)
    time = scenery.LIGHT[scene.time]
    return canvas.pixels(np.multiply(time, scene.light))


def alignment():
    """Scale and shift from the units of a face to the crop, by least squares on the landmarks."""
    a, b = np.array(head.LANDMARKS, float), np.array(TEMPLATE)
    eyes = b[:2].mean(0)
    b = eyes + (b - eyes) / MARGIN
    a0, b0 = a.mean(0), b.mean(0)
    scale = ((a - a0) * (b - b0)).sum() / ((a - a0) ** 2).sum()
    return *(b0 - scale * a0), scale


ALIGNMENT = alignment()


def draw_crop(person, light=(1, 1, 1)):
    """The person's face as alignment would cut it out of a neutral picture, [112,112,3] uint8."""
    canvas = Canvas(CROP, CROP, (206, 208, 212))
    canvas.place(*ALIGNMENT)
    skin, color = head.skin_color(person), head.hair_rgb(person)
    hair.draw_back(canvas, person, color)
    scenery.draw_neck(canvas, skin, person.gender == "man")
    hair.draw_over_shoulders(canvas, person, color)
    head.draw_face(canvas, person)
    return canvas.pixels(light)


def sheet(seed, columns, rows):
    pad = 6
    width, height = CROP + 3 * (WIDTH + pad) + 2 * pad, HEIGHT + pad
    page = Image.new("RGB", (columns * width, rows * height), (255, 255, 255))
    for i in range(columns * rows):
        p = people.person(seed, i)
        left, top = i % columns * width, i // columns * height
        page.paste(Image.fromarray(draw_crop(p, people.neutral_light(seed, i, 0))), (left + pad, top + 56))
        for k in range(3):
            picture = Image.fromarray(draw_portrait(p, people.scene(seed, i, k)))
            page.paste(picture, (left + CROP + 2 * pad + k * (WIDTH + pad), top + pad))
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    sheet(arguments.seed, 3, 6).save(arguments.out)
