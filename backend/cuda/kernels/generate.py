"""Compiles NAME.cu to NAME.ptx with the NVRTC that is installed: generate.py [NAME...]; without names, every kernel.

The result depends on the sources and on NVRTC's version. NVRTC has one for nearly all of its runs: now and then, by where its memory
happens to lie, it numbers registers otherwise. So each run is a process of its own, and a file is left as it is if one run in a few
writes it. A warning is an error.
"""

import ctypes
import pathlib
import subprocess
import sys

import nvidia.cuda_nvrtc

OPTIONS = ["--gpu-architecture=compute_80", "--std=c++17", "--restrict", "--display-error-number"]
FOLDER = pathlib.Path(__file__).parent
RUNS = 8


class Compiler:
    """NVRTC."""

    def __init__(self):
        [library] = pathlib.Path(nvidia.cuda_nvrtc.__path__[0]).glob("lib/libnvrtc.so*")
        self.library = ctypes.CDLL(str(library))
        self.library.nvrtcGetErrorString.restype = ctypes.c_char_p

    def call(self, name, *args):
        code = getattr(self.library, name)(*args)
        if code:
            raise RuntimeError(f"{name}: {self.library.nvrtcGetErrorString(code).decode()}")

    def text(self, what, program):
        """What nvrtcGet... returns: the log, or the PTX."""
        size = ctypes.c_size_t()
        self.call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self.call(f"nvrtcGet{what}", program, buffer)
        return buffer.value.decode()

    def compile(self, source, headers):
        """The PTX of a file, which may include any of the headers."""
        program = ctypes.c_void_p()
        self.call("nvrtcCreateProgram", ctypes.byref(program), source.read_bytes(), source.name.encode(),
                  len(headers), strings([h.read_text("utf-8") for h in headers]), strings([h.name for h in headers]))
        failed = None
        try:
            self.call("nvrtcCompileProgram", program, len(OPTIONS), strings(OPTIONS))
        except RuntimeError as error:
            failed = error
        log = self.text("ProgramLog", program).strip()
        if failed or log:
            sys.exit(f"{log}\n{source.name}: {failed or 'there are warnings'}")
        return self.text("PTX", program)


def strings(texts):
    return (ctypes.c_char_p * len(texts))(*[t.encode() for t in texts])


def compiled(source):
    """What a process of its own makes of a file."""
    run = subprocess.run([sys.executable, __file__, "--print", source.name], stdout=subprocess.PIPE)
    if run.returncode:
        sys.exit(run.returncode)
    return run.stdout.decode()


def generate(source):
    target = source.with_suffix(".ptx")
    present = target.read_text("utf-8") if target.exists() else None
    first = compiled(source)
    if present is None or first != present and present not in (compiled(source) for _ in range(RUNS - 1)):
        target.write_text(first, "utf-8")


def main(names):
    if names[:1] == ["--print"]:
        print(Compiler().compile(FOLDER / names[1], sorted(FOLDER.glob("*.cuh"))).rstrip())
        return
    for source in sorted(FOLDER.glob("*.cu")):
        if not names or source.stem in names:
            generate(source)


main(sys.argv[1:])
