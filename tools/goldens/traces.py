"""Every stage of the requests in faceclip/testdata, from the oracle -> faceclip/testdata/{sdxl,flux}/trace*.safetensors

python traces.py   (torch 2.6, transformers 4.45.2, ftfy 6.3.1)
"""
import json

import models

import command
import flux
import sdxl

PIPELINES = {"sdxl": sdxl, "flux": flux}


def main(folders):
    for system, folder in folders.items():
        data = models.ROOT / "faceclip/testdata" / system
        for path in sorted(data.glob("request*.json")):
            request = json.loads(path.read_text())
            face = data / request["face"] if "face" in request else None
            stages, _ = PIPELINES[system].run(folder, request | {"face": face})
            trace = data / (path.stem.replace("request", "trace") + ".safetensors")
            command.save_trace(trace, stages, request, PIPELINES[system].LIBRARIES)


if __name__ == "__main__":
    models.with_models(main)
