"""OpenVINO. The setting names the file: stored is float16 weights, weights and quantized are what NNCF makes of it."""
import pathlib

import numpy
import openvino
import torch
from openvino import properties
from openvino.properties import hint

import networks
import worker


def load(args):
    model = pathlib.Path(args.work) / "openvino" / f"{args.network}-{args.setting}.xml"
    exact = args.compute == "f32"
    compiled = openvino.Core().compile_model(model, "CPU", {
        hint.inference_precision: openvino.Type.f32 if exact else openvino.Type.bf16,
        hint.performance_mode: hint.PerformanceMode.LATENCY,
        properties.inference_num_threads: args.threads,
        properties.num_streams: 1,
    })
    request = compiled.create_infer_request()
    inputs = [x.numpy() for x in networks.inputs(args.network, args.work)]

    def run():
        return request.infer(inputs, share_inputs=True, share_outputs=True)

    def results(outputs):
        return networks.results(args.network, [torch.from_numpy(numpy.array(v)) for v in outputs.values()])

    return run, results, f"openvino {openvino.__version__}"


if __name__ == "__main__":
    worker.main(load)
