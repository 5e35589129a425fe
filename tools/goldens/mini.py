"""The configurations and vocabularies of the miniatures -> mini/{sdxl,flux}

python mini.py   (diffusers 0.33.1, transformers 4.45.2, sentencepiece 0.2.0)

The oracle makes whole models; what has weights, and what our tokenizers do not read, is left out.
"""
import pathlib
import shutil
import tempfile

import models

import make_flux
import make_sdxl

UNUSED = {"special_tokens_map.json", "tokenizer_config.json", "tokenizer.json"}


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = {s: pathlib.Path(folder) / s for s in models.SYSTEMS}
        make_sdxl.make(made["sdxl"], make_sdxl.SIZES["mini"], 1)
        make_flux.make(made["flux"], "mini", 1)
        for system, source in made.items():
            for path in source.rglob("*"):
                if path.is_file() and path.suffix != ".safetensors" and path.name not in UNUSED:
                    target = models.ROOT / "mini" / system / path.relative_to(source)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, target)


if __name__ == "__main__":
    main()
