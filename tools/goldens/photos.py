"""Tiny photos of each kind, all of the same picture -> face/testdata/photos

python photos.py   (Python 3.11, Pillow 13.0.0)
"""

import os
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parents[2] / "face/testdata/photos"
W, H = 16, 24
Flip = Image.Transpose
# What was done to the upright picture so that EXIF's orientation undoes it.
STORED = {
    2: Flip.FLIP_LEFT_RIGHT, 3: Flip.ROTATE_180, 4: Flip.FLIP_TOP_BOTTOM, 5: Flip.TRANSPOSE,
    6: Flip.ROTATE_90, 7: Flip.TRANSVERSE, 8: Flip.ROTATE_270,
}


def corners():
    """Red, green over blue, yellow."""
    a = np.zeros((H, W, 3), np.uint8)
    a[: H // 2, : W // 2] = (220, 30, 30)
    a[: H // 2, W // 2 :] = (30, 200, 30)
    a[H // 2 :, : W // 2] = (30, 30, 220)
    a[H // 2 :, W // 2 :] = (220, 220, 30)
    return a


def png(depth, width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main():
    OUT.mkdir(exist_ok=True)
    os.chdir(OUT)
    picture = Image.fromarray(corners())
    for o in range(1, 9):
        stored = picture.transpose(STORED[o]) if o in STORED else picture
        exif = Image.Exif()
        exif[0x112] = o
        stored.save(f"orientation-{o}.jpg", quality=95, exif=exif)
        stored.save(f"orientation-{o}.png", exif=exif)
        stored.save(f"orientation-{o}.webp", exif=exif, lossless=True)
        for kind in ("jpg", "png", "webp"):
            back = ImageOps.exif_transpose(Image.open(f"orientation-{o}.{kind}")).convert("RGB")
            assert np.abs(np.asarray(back).astype(int) - corners()).mean() < 8
    picture.convert("CMYK").save("cmyk.jpg", quality=95)
    picture.save("progressive.jpg", quality=95, progressive=True, subsampling=0)
    picture.convert("L").save("grey.jpg", quality=95)
    picture.save("lossy.webp", quality=95)
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save("palette.gif")
    wide = corners().astype(">u2") * 257
    with open("sixteen.png", "wb") as f:
        f.write(png(16, W, H, b"".join(b"\0" + row.tobytes() for row in wide)))
    clear = np.dstack([corners(), np.full((H, W), 255, np.uint8)])
    clear[H // 2 :] = 0
    Image.fromarray(clear).save("transparent.png")
    with open("bomb.png", "wb") as f:  # claims much more than it has
        f.write(png(8, 60000, 60000, b"\0" * 100))


if __name__ == "__main__":
    main()
