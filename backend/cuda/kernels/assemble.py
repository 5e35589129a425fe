"""Assembles NAME.ptx for every generation of devices: assemble.py [NAME...]; without names, every kernel.

It fails at a warning, at a register that is spilled, and where a kernel takes more registers than its source says, on the line
above it:

    // registers: 168
    extern "C" __global__ void __launch_bounds__(128) name(Args a)
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import nvidia.cuda_nvcc

PTXAS = pathlib.Path(nvidia.cuda_nvcc.__path__[0]) / "bin" / "ptxas"
DEVICES = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"]
FOLDER = pathlib.Path(__file__).parent

KERNEL = re.compile(r'(?://(?P<comment>.*)\n)?extern "C" __global__ void (?:__launch_bounds__\((?P<threads>[^)]*)\) )?(?P<name>\w+)\(')
REPORT = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*?(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers", re.DOTALL)


def promises(source):
    """How many registers each kernel of a file may take."""
    found, wrong = {}, []
    for kernel in KERNEL.finditer(source.read_text("utf-8")):
        promise = re.fullmatch(r" registers: (\d+)", kernel["comment"] or "")
        if not promise or not kernel["threads"]:
            wrong.append(f"{source.name}: {kernel['name']} needs a launch bound, and above it // registers: N")
        else:
            found[kernel["name"]] = int(promise[1])
    return found, wrong


def assemble(ptx, device):
    """What is wrong with a file on a device, and the registers of its kernels."""
    with tempfile.TemporaryDirectory() as folder:
        command = [PTXAS, "-v", f"-arch={device}", "-o", f"{folder}/out", ptx]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    where = f"{ptx.stem} on {device}"
    wrong = [f"{where}: {line}" for line in run.stdout.splitlines() if "warning" in line or "error" in line]
    if run.returncode and not wrong:
        wrong.append(f"{where}: ptxas failed\n{run.stdout}")
    used = {}
    for report in REPORT.finditer(run.stdout):
        used[report["name"]] = int(report["registers"])
        if int(report["stores"]) or int(report["loads"]):
            wrong.append(f"{where}: {report['name']} spills {report['stores']} and {report['loads']} bytes")
    return used, wrong


def check(source):
    """What is wrong with a file, and a line for each kernel about its registers."""
    promised, wrong = promises(source)
    most = dict.fromkeys(promised, 0)
    for device in DEVICES:
        used, more = assemble(source.with_suffix(".ptx"), device)
        wrong += more
        if used.keys() != promised.keys() and not more:
            wrong.append(f"{source.name}: promises are for {sorted(promised)}, kernels are {sorted(used)}")
        for name, n in used.items():
            most[name] = max(n, most.get(name, 0))
            if n > promised.get(name, n):
                wrong.append(f"{source.name}: {name} takes {n} registers on {device}, {promised[name]} were promised")
    return wrong, [f"{name}: {n} registers at most, {promised.get(name)} promised" for name, n in most.items()]


def main(names):
    sources = [s for s in sorted(FOLDER.glob("*.cu")) if not names or s.stem in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(check, sources))
    for _, lines in results:
        print("\n".join(lines))
    wrong = [line for lines, _ in results for line in lines]
    if wrong:
        sys.exit("\n".join(wrong))


main(sys.argv[1:])
