"""PyTorch. Settings are words joined by "-": eager or compile; last, for channels last; frozen, for weights compiled in.

int8 is dynamic: linear layers, their weights by output and their inputs by tensor; all else is float32.
"""
import torch

import networks
import worker

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "i8": torch.float32}


def load(args):
    torch.set_grad_enabled(False)
    torch.set_num_threads(args.threads)
    words = args.setting.split("-")
    network, inputs = networks.load(args.network, args.work, DTYPES[args.compute])
    if args.compute == "i8":
        network = quantized(network)
    if "last" in words:
        network = network.to(memory_format=torch.channels_last)
        inputs = [x.to(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs]
    if "compile" in words:
        torch._inductor.config.freezing = "frozen" in words
        torch._inductor.config.freezing_discard_parameters = True
        network = torch.compile(network)
    mixed = args.network == "encoder" and args.compute == "bf16"  # its masks and grids are float32

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            return network(*inputs)

    return run, lambda outputs: networks.results(args.network, outputs), f"torch {torch.__version__}"


def quantized(network):
    torch.backends.quantized.engine = "onednn"
    by_output = torch.ao.quantization.per_channel_dynamic_qconfig
    return torch.ao.quantization.quantize_dynamic(network, {torch.nn.Linear: by_output}, inplace=True)


if __name__ == "__main__":
    worker.main(load)
