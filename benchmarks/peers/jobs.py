"""What is measured: every peer with every network, in every type it computes in, with each setting that might be its best."""
import dataclasses
import pathlib

NETWORKS = ("unet", "decoder", "encoder")

SETTINGS = {
    ("ours", "f32"): ("plain",),
    ("ours", "bf16"): ("plain",),
    ("ours", "i8"): ("plain",),
    ("torch", "f32"): ("eager", "eager-last", "compile", "compile-last"),
    ("torch", "bf16"): ("eager", "eager-last", "compile", "compile-last"),
    ("torch", "i8"): ("eager",),
    ("openvino", "f32"): ("stored",),
    ("openvino", "bf16"): ("stored",),
    ("openvino", "i8"): ("weights", "weights-exact", "quantized", "quantized-exact"),
    ("sdcpp", "f16"): ("plain", "flash"),
    ("sdcpp", "bf16"): ("plain",),
    ("sdcpp", "i8"): ("plain",),
}

AMX = "amx_tile" in pathlib.Path("/proc/cpuinfo").read_text()

CAP = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "FACECLIP_CPU": "avx2"}


@dataclasses.dataclass(frozen=True)
class Job:
    peer: str
    compute: str
    network: str
    setting: str
    isa: str

    def __str__(self):
        return "/".join(dataclasses.astuple(self))

    def rivals(self):
        """What settings of a peer have in common."""
        return self.peer, self.compute, self.network, self.isa

    def environment(self):
        return {"avx2": AVX2, "best": CAP if AMX else {}, "uncapped": {}}[self.isa]


def parse(name):
    return Job(*name.split("/"))


def all_jobs(avx2):
    """Those of a round, in its order. best is what this machine has, but for AMX, which uncapped has too."""
    isas = ("avx2",) if avx2 else ("best", "uncapped") if AMX else ("best",)
    for network in NETWORKS:
        for isa in isas:
            for (peer, compute), settings in SETTINGS.items():
                if possible(peer, compute, network, isa):
                    yield from (Job(peer, compute, network, setting, isa) for setting in settings)


def possible(peer, compute, network, isa):
    if peer == "ours" and isa == "uncapped":
        return False
    if peer == "sdcpp":  # is built for one instruction set; one run gives both networks; it has no such encoder
        return isa == "best" and network == "unet"
    return isa != "avx2" or compute != "bf16"
