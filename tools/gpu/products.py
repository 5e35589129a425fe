"""Times products in PyTorch, beside ours: products.py OURS.txt, the output of BenchmarkProducts on a GPU.

PyTorch runs each as cuBLAS, cuDNN or its fused attention do it, in bfloat16, channels last: without what ours do to the sums on their
way, but for the bias.
"""
import pathlib
import re
import sys

import torch
import torch.nn.functional as F

LINE = re.compile(
    r"BenchmarkProducts/(?P<network>\w+)/(?P<op>\w+)/(?P<operands>\S+?)(?:-\d+)?\s+\d+\s.*?(?P<calls>[\d.e+]+) calls"
    r"\s+(?P<us>[\d.e+]+) µs/call")


def parse(text):
    """What was measured: network, operation, shapes and options, how often a pass has it, microseconds."""
    for m in LINE.finditer(text):
        words = m["operands"].split(",")
        pairs = [w.partition("=")[::2] for w in words if "=" in w]
        shapes = {name: tuple(map(int, value.split("x"))) for name, value in pairs if "x" in value}
        numbers = {name: int(value) for name, value in pairs if "x" not in value}
        yield m["network"], m["op"], shapes, numbers, words, float(m["calls"]), float(m["us"])


def operation(op, shapes, numbers, words, device):
    """A function that computes a product once."""
    def new(*shape):
        return torch.rand(shape, device=device, dtype=torch.bfloat16) - 0.5

    if op == "Attention":
        q, k, v = (new(*shapes[name]).transpose(1, 2) for name in "qkv")
        mask = new(1, q.shape[1], q.shape[2], k.shape[2]) if "bias" in words else None
        return lambda: F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal="causal" in words)
    bias = new(shapes["w"][0]) if "bias" in words else None
    if op == "Gemm":
        x, w = new(*shapes["x"]), new(*shapes["w"])
        return lambda: F.linear(x, w, bias)
    x, w = (new(*shapes[name]).permute(0, 3, 1, 2) for name in "xw")  # channels last in memory
    stride, pad = numbers.get("stride", 1), numbers.get("pad", 0)
    if "enlarge" in words:
        return lambda: F.conv2d(F.interpolate(x, scale_factor=2), w, bias, stride, pad)
    return lambda: F.conv2d(x, w, bias, stride, pad)


def microseconds(f):
    """How long a call takes, of as many as take 20 ms."""
    def run(n):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(n):
            f()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / n

    for _ in range(3):
        f()
    return 1000 * run(max(1, min(100, int(20 / max(run(1), 1e-3)))))


def main(path):
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}; µs a call: ours, PyTorch's, PyTorch's/ours")
    totals = {}
    for network, op, shapes, numbers, words, calls, ours in parse(pathlib.Path(path).read_text("utf-8")):
        theirs = microseconds(operation(op, shapes, numbers, words, "cuda"))
        for key in (network, op), (network, "all"):
            before = totals.get(key, (0, 0))
            totals[key] = before[0] + calls * ours, before[1] + calls * theirs
        print(f"{ours:10.1f} {theirs:10.1f} {theirs / ours:6.2f}  {network} {op} {','.join(words)} ×{calls:.0f}", flush=True)
    print("\nms a pass: ours, PyTorch's, PyTorch's/ours")
    for (network, op), (ours, theirs) in sorted(totals.items()):
        print(f"{ours / 1e3:10.2f} {theirs / 1e3:10.2f} {theirs / ours:6.2f}  {network} {op}")


if __name__ == "__main__":
    main(*sys.argv[1:])
