"""Writes what peers read into the folder of work, each file once.

The weights are random, of the published size, in bfloat16: those of mkmodel. Every peer gets the same.
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def model(work):
    """A model's folder, 9 GB."""
    if not (work / "model/vae/diffusion_pytorch_model.safetensors").exists():  # the last to be written
        go = ["go", "run", "./benchmarks/mkmodel", "-pipeline", "sdxl", "-o", work / "model"]
        subprocess.run(go, cwd=HERE.parents[1], check=True)


def inputs(work):
    """What the networks are given."""
    if (work / "inputs.safetensors").exists():
        return
    import torch
    from safetensors.torch import save_file

    random = torch.Generator().manual_seed(1)
    ids = torch.zeros(77, dtype=torch.int32)
    ids[:12] = torch.randint(1000, 40000, (12,), generator=random)
    ids[0], ids[12] = 49406, 49407  # begin and end
    replaced = torch.zeros(77, dtype=torch.int32)
    replaced[4] = 1
    save_file({
        "x": torch.randn(2, 64, 64, 4, generator=random), "z": torch.randn(1, 64, 64, 4, generator=random),
        "text": torch.randn(2, 77, 2048, generator=random), "pooled": torch.randn(2, 1280, generator=random),
        "ids": ids, "replaced": replaced, "face": torch.rand(3, 112, 112, generator=random),
    }, work / "inputs.safetensors")


def reference(work):
    """What PyTorch makes of the inputs in float32, operation by operation."""
    for network in ("encoder", "decoder", "unet"):
        file = work / f"reference/{network}.safetensors"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            python("worker_torch.py", "--work", work, "--network", network, "--compute", "f32", "--setting", "eager",
                   "--threads", os.cpu_count(), "--output", file)


def openvino(work, network, kind):
    """Files of OpenVINO, 12 GB in all. What NNCF cannot make, for want of memory say, is not tried again."""
    file = work / f"openvino/{network}-{kind}.xml"
    failed = file.with_suffix(".failed")
    if file.exists() or failed.exists():
        return
    file.parent.mkdir(exist_ok=True)
    try:
        python("convert_openvino.py", work, network, kind)
    except subprocess.CalledProcessError as e:
        failed.write_text(str(e))


def sdcpp(work):
    """A folder for stable-diffusion.cpp: the U-Net and the decoder, and text encoders that give a constant, 2 GB."""
    if not (work / "sdcpp/clip_g.safetensors").exists():  # the last to be written
        python("convert_sdcpp.py", work)


def python(script, *arguments):
    subprocess.run([sys.executable, HERE / script, *map(str, arguments)], check=True)


def main(work, jobs):
    """Writes what the jobs need."""
    work.mkdir(exist_ok=True)
    model(work)
    inputs(work)
    reference(work)
    files = {(job.network, kind) for job in jobs if job.peer == "openvino" for kind in ("stored", job.setting.split("-")[0])}
    for network, kind in sorted(files, key=lambda f: (f[1] != "stored", f)):  # what the others are made of comes first
        openvino(work, network, kind)
    if any(job.peer == "sdcpp" for job in jobs):
        sdcpp(work)
