"""Writes a network for OpenVINO: python convert_openvino.py WORK NETWORK stored|weights|quantized

stored has the weights as they are, in bfloat16, which OpenVINO widens as it compiles. NNCF makes the others of it: weights has int8
weights, for linear layers whose inputs OpenVINO quantizes as it runs; quantized has int8 products throughout, with ranges
taken from the inputs of the benchmark.
"""
import pathlib
import sys

import nncf
import numpy
import openvino
import torch
from openvino import opset13
from openvino.frontend.pytorch.patch_model import __make_16bit_traceable as make_16bit_traceable

import networks


def main(work, network, kind):
    file = pathlib.Path(work) / "openvino" / f"{network}-{kind}.xml"
    stored = file.with_name(f"{network}-stored.xml")
    if kind == "stored":
        model = convert(network, work)
    elif kind == "weights":
        model = nncf.compress_weights(openvino.Core().read_model(stored), mode=nncf.CompressWeightsMode.INT8_SYM)
    else:
        model = quantize(openvino.Core().read_model(stored), network, work)
    openvino.save_model(model, file, compress_to_fp16=False)  # some weights are too small for float16


def convert(name, work):
    """Linear layers stay in bfloat16 and are not run, as OpenVINO's exporters do it: float32 would take 20 GB."""
    torch.set_grad_enabled(False)
    network, _ = networks.load(name, work, torch.bfloat16)
    make_16bit_traceable(network)
    inputs = networks.inputs(name, work)
    model = openvino.convert_model(network, example_input=inputs, input=[list(x.shape) for x in inputs])
    for node in model.get_ops():
        if node.get_type_name() == "Constant" and node.get_element_type() == openvino.Type.f32:
            narrow(node)
    return model


def narrow(node):
    """Replaces a constant by one in bfloat16, if nothing is lost."""
    bits = node.data.view(numpy.uint32)
    if bits.size == 1 or (bits & 0xFFFF).any():
        return
    short = openvino.Tensor(openvino.Type.bf16, openvino.Shape(node.data.shape))
    short.data.view(numpy.uint16)[...] = bits >> 16
    wide = opset13.convert(openvino.op.Constant(short), "f32")
    for target in node.output(0).get_target_inputs():
        target.replace_source_output(wide.output(0))


def quantize(model, network, work):
    inputs = [x.numpy() for x in networks.inputs(network, work)]
    return nncf.quantize(
        model, nncf.Dataset([inputs]), subset_size=1, fast_bias_correction=True,
        model_type=None if network == "decoder" else nncf.ModelType.TRANSFORMER)


if __name__ == "__main__":
    main(*sys.argv[1:])
