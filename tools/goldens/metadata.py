"""Pictures with metadata as Pillow writes them, and what it reads in ours -> faceclip/testdata/metadata

python metadata.py   (Pillow 13.0.0, and Go)

Files *.png and *.jpg are Pillow's, with the texts of texts.json. ours.json has what Pillow finds in pictures that examples/portrait
draws by the arguments in it.
"""
import json
import pathlib
import subprocess
import tempfile
from xml.etree import ElementTree

from PIL import Image, PngImagePlugin

ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / "faceclip/testdata/metadata"
TEXTS = {
    "Software": "faceclip-go v1.2.3", "system": "FaceCLIP-SDXL", "model": "my model", "weights": "0123abcd", "prompt": "Ein Käfer, größer als 5 µm\nund \"laut\"",
    "negative": "", "seed": "-9223372036854775808", "size": "864x1152", "steps": "50", "guidance": "5.5", "guided": "0.25 to 0.75",
    "rescale": "0.7", "sampler": "dpm++2m", "schedule": "karras", "noise": "torch-2.15",
}
OURS = ["-prompt", "Ein Käfer 🪲 \\ \"100 %\" <&>\n\tzwei", "-negative", "", "-seed", "7", "-steps", "1", "-width", "32", "-height", "40", "-rescale", "0.5"]


def png(add):
    info = PngImagePlugin.PngInfo()
    for key, text in TEXTS.items():
        add(info, key, text)
    return dict(pnginfo=info)


def shown(value):
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def ours(name):
    """What Pillow reads in a picture of ours."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / name
        subprocess.run(["go", "run", "./examples/portrait", *OURS, "-o", file], cwd=ROOT, check=True)
        with Image.open(file) as img:
            img.load()
            info = {k: shown(v) for k, v in img.info.items() if isinstance(v, (str, bytes))}
            packet = ElementTree.fromstring(info.pop("xmp"))
    info.pop("XML:com.adobe.xmp", None)  # the same
    info["DigitalSourceType"] = packet.findtext(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    return info


def main():
    OUT.mkdir(exist_ok=True)
    img = Image.new("RGB", (8, 8), (10, 200, 30))
    img.save(OUT / "latin1.png", **png(lambda info, k, v: info.add_text(k, v)))
    img.save(OUT / "zipped.png", **png(lambda info, k, v: info.add_text(k, v, zip=True)))
    img.save(OUT / "utf8.png", **png(lambda info, k, v: info.add_itxt(k, v, "de", k.upper())))
    img.save(OUT / "utf8-zipped.png", **png(lambda info, k, v: info.add_itxt(k, v, zip=True)))
    img.save(OUT / "comment.jpg", comment=json.dumps(TEXTS).encode())
    img.save(OUT / "plain.png")
    img.save(OUT / "plain.jpg")
    (OUT / "texts.json").write_text(json.dumps(TEXTS, indent=1, ensure_ascii=False) + "\n")
    found = {"args": OURS, "out.png": ours("out.png"), "out.jpg": ours("out.jpg")}
    (OUT / "ours.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
