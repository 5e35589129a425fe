"""Faces to draw and to find -> face/testdata/faces, faceclip/testdata/{sdxl/face.png,sdxl/face-2.png,flux/face.png}

python faces.py ASSETS   (Pillow 13.0)

ASSETS is the asset folder of a clone of bytedance/FaceCLIP. face-2.png is a cut-out of another size whose alpha falls to 0
in a corner: its colours there must survive, since the reference drops alpha without compositing.
"""
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]


def cutout(image, box):
    rgb = np.asarray(image.convert("RGB").crop(box))
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width]
    alpha = np.clip((x / width + y / height - 0.4) * 255, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([rgb, alpha]), "RGBA")


def main(assets):
    for path in sorted(assets.glob("00??_*.png")):
        small = ROOT / "face/testdata/faces" / f"{path.name[:4]}.jpg"
        Image.open(path).convert("RGB").save(small, quality=85)
    data = ROOT / "faceclip/testdata"
    shutil.copyfile(assets / "0001_female.png", data / "sdxl/face.png")
    shutil.copyfile(assets / "0011_male.png", data / "flux/face.png")
    second = cutout(Image.open(assets / "0011_male.png"), (60, 40, 368, 292))
    second.save(data / "sdxl/face-2.png", optimize=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
