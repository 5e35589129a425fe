"""OpenVINO. The setting names the file: stored are the weights as they are, weights and quantized what NNCF makes of them.

With int8 what is not quantized is bfloat16; float32 in settings that end with -exact.
"""
import pathlib

import numpy
import openvino
import torch
from openvino import properties
from openvino.properties import hint

import networks
import worker


def mark(model):
    """Says of weights in bfloat16 that they are compressed, which files forget: else they are widened first, all at once."""
    for node in model.get_ops():
        if node.get_type_name() == "Convert" and node.input_value(0).get_node().get_type_name() == "Constant":
            node.get_rt_info()["decompression_0"] = True


def load(args):
    kind, *words = args.setting.split("-")
    model = openvino.Core().read_model(pathlib.Path(args.work) / "openvino" / f"{args.network}-{kind}.xml")
    mark(model)
    exact = args.compute == "f32" or "exact" in words
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
