"""Tiny photos of each kind, all of the same picture -> face/testdata/photos, orientations.txt

python photos.py   (Python 3.11, Pillow 13.0.0)
"""

import io
import os
import pathlib
import random
import struct
import zlib

import numpy as np
from PIL import Image, ImageFile, ImageOps

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


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, width, height, rows, between=b"", color=2):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = b"\x89PNG\r\n\x1a\n"


def straight():
    """The picture with an alpha that hides some of its colours: all from 0 to 255."""
    return np.dstack([corners(), (np.arange(W * H).reshape(H, W) * 255 // (W * H - 1)).astype(np.uint8)])


def after_header(file, *chunks):
    """A PNG with chunks after its header."""
    return file[:33] + b"".join(chunks) + file[33:]


def stored(picture, orientation):
    return picture.transpose(STORED[orientation])


def save(picture, kind, **options):
    to = io.BytesIO()
    picture.save(to, kind, **options)
    return to.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[0x112] = orientation
    return e.tobytes()


def xmp(orientation, element=False):
    if element:
        inside = f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
    else:
        inside = f' tiff:Orientation="{orientation}"/>'
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{inside}</rdf:RDF></x:xmpmeta>'
    ).encode()


def raw_profile(orientation):
    """As ImageMagick writes EXIF data into a text."""
    data = exif(orientation).hex()
    lines = "\n".join(data[i : i + 72] for i in range(0, len(data), 72))
    return f"\nexif\n{len(data) // 2:8}\n{lines}\n".encode()


def unseen():
    """Pictures whose colours are partly or wholly transparent."""
    rgba = Image.fromarray(straight())
    yield "alpha-6.png", save(stored(rgba, 6), "PNG", exif=exif(6))
    yield "alpha.png", save(rgba, "PNG")
    yield "alpha.webp", save(rgba, "WEBP", lossless=True, exact=True)
    yield "alpha-6.webp", save(stored(rgba, 6), "WEBP", lossless=True, exact=True, exif=exif(6))
    wide = np.asarray(stored(rgba, 6)).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    yield "alpha-16-6.png", png(16, H, W, rows, chunk(b"eXIf", exif(6)[6:]), color=6)
    yield "alpha.tif", save(rgba, "TIFF", compression="tiff_deflate")
    key = png(8, W, H, b"".join(b"\0" + row.tobytes() for row in corners()), chunk(b"tRNS", struct.pack(">HHH", 220, 30, 30)))
    yield "key.png", key
    palette = Image.fromarray(corners()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    yield "index.gif", save(palette, "GIF", transparency=palette.getpixel((0, 0)))
    yield "index-6.png", save(stored(palette, 6), "PNG", transparency=palette.getpixel((0, 0)), exif=exif(6))


def turned():
    """Pictures that say their orientation in one of the ways that there are."""
    picture = Image.fromarray(corners())
    plain = save(stored(picture, 6), "PNG")
    yield "xmp-6.png", after_header(plain, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6)))
    yield "xmp-zipped-6.png", after_header(plain, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(6, True))))
    yield "raw-zipped-6.png", after_header(plain, chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile(6))))
    yield "raw-text-6.png", plain[:-12] + chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile(6)) + plain[-12:]
    yield "raw-utf8-6.png", after_header(plain, chunk(b"iTXt", b"Raw profile type exif\0\0\0\0\0" + raw_profile(6)))
    both = chunk(b"eXIf", exif(6)[6:]) + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile(3)))
    yield "both-6.png", after_header(plain, both)
    yield "xmp-6.jpg", save(stored(picture, 6), "JPEG", quality=95, xmp=xmp(6))
    yield "xmp-element-8.jpg", save(stored(picture, 8), "JPEG", quality=95, xmp=xmp(8, True))
    yield "xmp-6.webp", save(stored(picture, 6), "WEBP", lossless=True, xmp=xmp(6))
    yield "orientation-6.tif", save(stored(picture, 6), "TIFF", compression="tiff_lzw", tiffinfo={0x112: 6})
    yield "xmp-6.tif", save(stored(picture, 6), "TIFF", tiffinfo={700: xmp(6)})


def odd():
    """Pictures that libpng, libjpeg or Pillow read, some of them with a warning."""
    picture = Image.fromarray(corners())
    plain = save(picture, "PNG")
    bad = bytearray(after_header(plain, chunk(b"tEXt", b"Comment\0nothing")))
    bad[bad.index(b"nothing")] ^= 1
    yield "crc.png", bytes(bad)
    rows = b"".join(b"\0" + row.tobytes() for row in corners())
    yield "more-rows.png", png(8, W, H, rows + bytes(500))
    data = zlib.compress(rows) + bytes(50)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 0))
    yield "more-data.png", PNG + header + chunk(b"IDAT", data[:40]) + chunk(b"IDAT", data[40:]) + chunk(b"IDAT", b"more") + chunk(b"IEND", b"")
    yield "no-end.png", plain[:-12]
    yield "no-end.jpg", save(picture, "JPEG", quality=95)[:-2]
    palette = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    frame = bytearray(save(palette, "GIF"))
    frame[6:10] = struct.pack("<HH", 5, 4)
    yield "large-frame.gif", bytes(frame)
    yield "interlaced.gif", save(palette, "GIF", interlace=True)
    yield "long-rows.gif", long_gif(palette)


def long_gif(palette):
    """A picture whose data have more rows than it has."""
    twice = Image.new("P", (W, 2 * H))
    twice.putpalette(palette.getpalette())
    twice.paste(palette, (0, 0))
    file = bytearray(save(twice, "GIF", interlace=False))
    at = file.index(b",\0\0\0\0" + struct.pack("<HH", W, 2 * H))
    file[at + 7 : at + 9] = file[8:10] = struct.pack("<H", H)
    return bytes(file)


def others():
    """TIFF and BMP."""
    picture = Image.fromarray(corners())
    palette = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"{name}.tif", save(picture, "TIFF", compression=name)
    yield "big-endian.tif", save(picture, "TIFF", big_endian=True)
    yield "palette.tif", save(palette, "TIFF")
    yield "plain.bmp", save(picture, "BMP")
    yield "palette.bmp", save(palette, "BMP")
    yield "alpha.bmp", save(Image.fromarray(straight()), "BMP")


def orientations():
    """EXIF data and XMP of all sorts, and what Pillow makes of them: in hexadecimal digits, then 1 to 8."""
    r = random.Random(5)
    for _ in range(600):
        data, text = any_exif(r), b""
        if r.random() < 0.3:
            text = xmp(r.randrange(10), r.random() < 0.5)
        if r.random() < 0.1:
            data = b""
        picture = Image.new("L", (1, 1))
        picture.info.update({"exif": data} if data else {}, **({"xmp": text} if text else {}))
        try:
            value = picture.getexif().get(0x112, 1)
        except Exception:
            value = 1
        if isinstance(value, bytes):  # of which exif_transpose makes nothing
            value = value[0]
        yield f"{data.hex() or '-'} {text.hex() or '-'} {value if value in range(1, 9) else 1}\n"


def any_exif(r):
    """A directory with orientations among other things, often not as it should be."""
    order = r.choice("<>")
    entries = []
    for _ in range(r.randrange(4)):
        tag = r.choice([0x10F, 0x112, 0x112, 0x11A])
        kind = r.choice([1, 3, 3, 3, 4, 6, 8, 9])
        size = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}[kind]
        value = struct.pack(order + size, r.randrange(10)).ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", tag, kind, r.choice([1, 1, 1, 1, 2])) + value)
    at = r.choice([8, 8, 8, 12])
    data = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", at) + bytes(at - 8)
    data += struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return b"Exif\0\0" * r.choice([0, 1, 1, 2]) + data


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
    for make in (unseen, turned, odd, others):
        for name, data in make():
            pathlib.Path(name).write_bytes(data)
            check(name)
    pathlib.Path("photo.avif").write_bytes(save(picture, "AVIF"))
    pathlib.Path("../orientations.txt").write_text("".join(orientations()))


def check(name):
    """Pillow sees the picture: where it is stricter than libpng, it is told not to be; libjpeg only warns, too."""
    ImageFile.LOAD_TRUNCATED_IMAGES = name in ("crc.png", "no-end.png", "no-end.jpg")
    seen = np.asarray(ImageOps.exif_transpose(Image.open(name)).convert("RGB")).astype(int)
    assert seen.shape == (H, W, 3), (name, seen.shape)
    off = np.abs(seen - corners())
    assert off.max() <= 2 or name.endswith(".jpg") and off.mean() < 8, (name, off.max(), off.mean())


if __name__ == "__main__":
    main()
