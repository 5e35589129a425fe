"""Files of torch.save, good and bad, -> internal/pytorch/testdata

python pytorch.py   (torch 2.6)

NAME.pt is read and has to give the tensors in NAME.safetensors. bad-NAME.pt has to give an error.
Runs give the same files, except bad-legacy.pt and bad-script.pt.
"""
import collections
import io
import os
import pathlib
import pickle
import tempfile
import zipfile

import torch
from safetensors.torch import save_file
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "internal/pytorch/testdata"
DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int32, torch.int64)
FLOAT8 = ("float8_e4m3fn", "float8_e5m2")


def count(*shape, dtype=torch.float32):
    """Different values, none of them zero."""
    return (torch.arange(torch.Size(shape).numel()) % 120 + 1).reshape(shape).to(dtype)


def dtypes():
    out = {}
    for dtype in DTYPES:
        name = str(dtype).removeprefix("torch.")
        out |= {f"{name}.scalar": count(dtype=dtype), f"{name}.none": torch.zeros(2, 0, 3, dtype=dtype)}
        out |= {f"{name}.{n}": count(*range(2, 2 + n), dtype=dtype) for n in range(1, 5)}
    return out


def views():
    """Prefix "view." where the layout can be used as it is, "copy." where it cannot."""
    flat, grid, cube = count(60), count(6, 10), count(2, 3, 4, 5)
    tied = count(4, 3).t()
    return {
        "view.first": flat[:12].view(3, 4), "view.second": flat[12:32].view(4, 5), "view.scalar": flat[7],
        "view.rows": grid[2:5], "view.columns": grid[:, 3:7], "view.every_second_row": grid[::2, 1:],
        "view.inner": cube[:, 1:3, 1:3, 2:5], "view.plane": cube[:, 1], "view.column": grid[:, 3:4],
        "view.unit": count(3, 8)[:, None, None, 2:5], "view.outer_unit": torch.as_strided(flat, (1, 1, 4), (99, 0, 1), 3),
        "view.one": torch.as_strided(flat, (1,), (30,), 59), "view.empty": grid[3:3], "view.end": flat[60:],
        "view.unit_expanded": flat[5:9].expand(1, 4),
        "copy.transposed": grid.t(), "copy.every_second": flat[1::2], "copy.permuted": cube.permute(1, 0, 2, 3),
        "copy.channels_last": count(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "copy.expanded": count(1, 4).expand(3, 4), "copy.windows": count(8).unfold(0, 4, 1),
        "copy.i64": count(5, 3, dtype=torch.int64).t(), "copy.u8": count(5, 3, dtype=torch.uint8).t(),
        "copy.tied.1": tied, "copy.tied.2": tied.detach(),
    }


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.layers = nn.ModuleList([nn.Linear(width, 2 * width), nn.Linear(2 * width, width, bias=False)])
        self.attention = nn.MultiheadAttention(width, 2)
        self.register_buffer("positions", torch.arange(5).expand((1, -1)))


def module():
    torch.manual_seed(1)
    net = nn.Sequential(collections.OrderedDict(first=Block(4), second=nn.Sequential(Block(6), nn.Conv2d(3, 2, 3))))
    net.second[0].layers[1].weight = nn.Parameter(count(12, 6).t())
    return net


def parameters():
    weight = nn.Parameter(count(3, 4))
    return {"weight": weight, "tied": weight, "frozen": nn.Parameter(count(2, dtype=torch.float16), requires_grad=False)}


def write(name, values, folder=None, **options):
    with tempfile.TemporaryDirectory() as tmp:
        path = pathlib.Path(tmp) / f"{folder or name}.pt"  # torch takes the folder in the archive from the name
        torch.save(values, path, **options)
        (OUT / f"{name}.pt").write_bytes(path.read_bytes())
    if not name.startswith("bad-"):
        expect(name, values)


def write_wrapped(name, values, read):
    """What is read are some of the values."""
    with tempfile.TemporaryDirectory() as tmp:
        path = pathlib.Path(tmp) / f"{name}.pt"
        torch.save(values, path)
        (OUT / f"{name}.pt").write_bytes(path.read_bytes())
    expect(name, read)


def expect(name, values):
    save_file({k: v.detach().clone().contiguous() for k, v in values.items()}, OUT / f"{name}.safetensors")


def members(values):
    file = io.BytesIO()
    torch.save(values, file)
    with zipfile.ZipFile(file) as z:
        return {n: z.read(n) for n in z.namelist()}


def pack(name, files, method=zipfile.ZIP_STORED, force_zip64=False):
    with zipfile.ZipFile(OUT / f"{name}.pt", "w") as z:
        for n, data in files.items():
            info = zipfile.ZipInfo(n)  # has no time of today
            info.compress_type = method
            with z.open(info, "w", force_zip64=force_zip64) as f:
                f.write(data)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/evil",)


def good():
    write("dtypes", dtypes())
    write("views", views())
    write("module", module().state_dict())
    write("parameters", parameters())
    for protocol in (3, 4, 5):
        write(f"protocol{protocol}", module().state_dict() | parameters(), pickle_protocol=protocol)
    write("names", {"": count(1), "a" * 3000: count(2), "ünïcode \n/../": count(3), "data/0": count(4)}, "r ö.o." + "t" * 200)
    write("empty", {})
    write("old", parameters(), _disable_byteorder_record=True)
    float8 = {f"{d}.{n}": count(*range(2, 2 + n)).to(getattr(torch, d)) for d in FLOAT8 for n in (0, 1, 2)}
    write("float8", float8 | {f"copy.{d}": count(5, 3).to(getattr(torch, d)).t() for d in FLOAT8}
          | {f"view.{d}": count(5, 3).to(getattr(torch, d))[:, 1:] for d in FLOAT8})
    small = {"a": count(2, 3), "b": count(3, dtype=torch.bfloat16)}
    optimizer = {"state": {0: {"step": torch.tensor(1.0), "exp_avg": count(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    write_wrapped("wrapped", {"epoch": 3, "state_dict": small, "optimizer": optimizer}, small)
    write_wrapped("wrapped-model", {"model": small, "args": {"width": 3}, "ema": None}, small)
    write_wrapped("wrapped-twice", {"model": {"state_dict": small}}, small)
    foreign = {"f64": count(2, dtype=torch.float64), "bool": count(2, dtype=torch.bool), "u16": count(3).to(torch.uint16),
               "rank5": count(1, 2, 1, 2, 1), "i16": count(2, dtype=torch.int16), "fnuz": count(2).to(torch.float8_e4m3fnuz),
               "complex": count(2, dtype=torch.complex64)}
    write_wrapped("foreign", small | foreign, small)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1  # sizes and offsets above 1 go into zip64 fields
    pack("zip64", members(small), force_zip64=True)
    expect("zip64", small)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 2**31 - 1, 2**16 - 1


def bad():
    small = {"a": count(2, 3)}
    files = members(small)
    pack("bad-compressed", files, zipfile.ZIP_DEFLATED)
    pack("bad-big-endian", files | {"archive/byteorder": b"big"})
    pack("bad-version", files | {"archive/version": b"11\n"})
    pack("bad-system", files | {"archive/data.pkl": pickle.dumps({"a": Evil()}, 2)})
    pack("bad-system4", files | {"archive/data.pkl": pickle.dumps({"a": Evil()}, 4)})
    (OUT / "bad-pickle.pt").write_bytes(files["archive/data.pkl"])
    write("bad-legacy", small, _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), OUT / "bad-script.pt")
    write("bad-module", nn.Linear(2, 2))
    write("bad-wrapped-beside", {"state_dict": small, "left": count(2)})
    write("bad-wrapped-both", {"state_dict": small, "model": small})
    write("bad-wrapped-deep", {"model": {"model": {"model": small}}})
    write("bad-epoch", small | {"epoch": 3})
    write("bad-list", [count(2)])
    write("bad-tensor", count(2))
    write("bad-list-inside", small | {"b": [count(2), count(3)]})
    write("bad-optimizer", {0: small})
    write("bad-negated", {"x.y": torch._neg_view(count(2))})
    write("bad-expanded", {"x.y": count(1).expand(10_000)})
    write("bad-protocol1", small, pickle_protocol=1)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    good()
    bad()
