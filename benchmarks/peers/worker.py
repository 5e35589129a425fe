"""What the workers in Python have in common: arguments, a run to warm up, a timed one, memory, the file of results.

A worker prints a line of JSON, as ours/main.go does.
"""
import argparse
import json
import pathlib
import time


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("work", "network", "compute", "setting", "output"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def main(load):
    """load(args) returns a function that runs the network, one that makes named tensors of what that returns, and versions."""
    args = arguments()
    began = time.perf_counter()
    run, results, versions = load(args)
    run()
    loaded, before = time.perf_counter() - began, resident_peak()
    reset_peak()
    began = time.perf_counter()
    outputs = run()
    seconds, running = time.perf_counter() - began, resident_peak()
    save(results(outputs), args.output)
    report({"load": loaded, "seconds": [seconds], "peak": max(before, running), "running": running, "versions": versions})


def report(line):
    print("\n" + json.dumps(line), flush=True)  # after bars of progress


def save(tensors, file):
    from safetensors.torch import save_file  # after the peer's own libraries

    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, file)


def resident_peak():
    """The most memory that this process has had resident, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10


def reset_peak():
    pathlib.Path("/proc/self/clear_refs").write_text("5")
