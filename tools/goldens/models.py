"""Where the goldens are, and the miniature models that they are made with.

The miniatures are written by benchmarks/mkmodel: their random weights are computed, and the reference reads the same files.
"""
import pathlib
import subprocess
import sys
import tempfile

import torch

ROOT = pathlib.Path(__file__).parents[2]
SYSTEMS = ("sdxl", "flux")
sys.path.insert(0, str(ROOT / "tools" / "oracle"))

torch.set_num_threads(1)
torch.set_grad_enabled(False)


def write(folder):
    """Writes both miniatures below folder; returns their folders by system."""
    models = {s: pathlib.Path(folder) / s for s in SYSTEMS}
    for system, path in models.items():
        command = ["go", "run", "./benchmarks/mkmodel", "-pipeline", f"mini-{system}", "-o", str(path)]
        subprocess.run(command, cwd=ROOT, check=True)
    return models


def with_models(main):
    """Runs main with the folders of the miniatures."""
    with tempfile.TemporaryDirectory() as folder:
        main(write(folder))
