"""Writes into WORK what peers read, each part once: python prepare.py WORK [PART ...]; PARTS below says what they are.

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


def openvino(work):
    """Files of OpenVINO: float16 weights, 7 GB, and int8 ones, 4 GB."""
    for network in ("encoder", "decoder", "unet"):
        for kind in ("stored", "weights", "quantized"):
            file = work / f"openvino/{network}-{kind}.xml"
            if not file.exists() and not file.with_suffix(".failed").exists():
                file.parent.mkdir(exist_ok=True)
                python("convert_openvino.py", work, network, kind)


def sdcpp(work):
    """A folder for stable-diffusion.cpp: the U-Net and the decoder, and text encoders that give a constant, 2 GB."""
    if not (work / "sdcpp/text_encoder_2/model.safetensors").exists():
        python("convert_sdcpp.py", work)


PARTS = {f.__name__: f for f in (model, inputs, reference, openvino, sdcpp)}


def python(script, *arguments):
    subprocess.run([sys.executable, HERE / script, *map(str, arguments)], check=True)


def main(work, *parts):
    work = pathlib.Path(work).absolute()
    work.mkdir(exist_ok=True)
    for part in parts or PARTS:
        PARTS[part](work)


if __name__ == "__main__":
    main(*sys.argv[1:])
