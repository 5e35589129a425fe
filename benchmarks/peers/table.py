"""Makes tables in Markdown of what was measured."""
import dataclasses
import pathlib
import statistics

import jobs

TITLES = {"unet": "U-Net, a guided step at 512×512 (batch of two)", "decoder": "Decoder at 512×512",
          "encoder": "Encoder, a prompt with a face"}
NAMES = {"ours": "ours", "torch": "PyTorch", "openvino": "OpenVINO", "sdcpp": "stable-diffusion.cpp"}
COMPUTES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "i8": "int8"}


def best(lines):
    return min(t for x in lines for t in x["seconds"])


def median(lines):
    return statistics.median(t for x in lines for t in x["seconds"])


def markdown(lines, work):
    """A table for each network, of the best setting of each peer in each type, and what failed."""
    good = [x for x in lines if "error" not in x]
    parts = [f"{machine()}; {versions(good)}."]
    for network in jobs.NETWORKS:
        rows = rows_of(good, network, work)
        if rows:
            parts.append(f"**{TITLES[network]}**\n\n" + "\n".join(rows))
    failed = sorted({f"{x['job']} ({x['error']})" for x in lines if "error" in x})
    if failed:
        parts.append("Did not run: " + ", ".join(failed) + ".")
    return "\n\n".join(parts)


def rows_of(lines, network, work):
    """The rows of a network's table. Each ratio is the time of a peer over ours."""
    groups = {}  # of lines by what settings have in common, then by setting
    for x in lines:
        job = jobs.parse(x["job"])
        if job.network == network:
            groups.setdefault((job.isa, job.peer, job.compute), {}).setdefault(job.setting, []).append(x)
    chosen = {key: min(settings.items(), key=lambda s: median(s[1])) for key, settings in groups.items()}
    if not chosen:
        return []
    rows = ["| | setting | median, s | best | rounds | × ours f32 | × ours bf16 | × ours int8 | peak, GB | error | PSNR, dB |",
            "|---|---|---|---|---|---|---|---|---|---|---|"]
    for (isa, peer, compute), (setting, own) in chosen.items():
        ratios = [ratio(own, chosen.get(("best" if isa == "uncapped" else isa, "ours", c))) for c in ("f32", "bf16", "i8")]
        error, psnr = errors(work, own[0]["job"], network)
        title = f"{NAMES[peer]} {COMPUTES[compute]}" + ("" if isa == "best" else f", {isa}")
        peak = max(x["peak"] for x in own) / 1e9
        rows.append(f"| {title} | {setting} | {median(own):.2f} | {best(own):.2f} | {len(own)} | {' | '.join(ratios)} | "
                    f"{peak:.2f} | {error} | {psnr} |")
    return rows


def ratio(own, ours):
    return f"{median(own) / median(ours[1]):.2f}" if ours else ""


def errors(work, job, network):
    """The largest difference from PyTorch in float32 over the largest value, and the ratio of the range to the mean difference."""
    peer = jobs.parse(job).peer
    if peer == "sdcpp":
        job, network = str(dataclasses.replace(jobs.parse(job), network="unet")), peer  # of the picture
    file = work / f"outputs/{job.replace('/', '-')}.safetensors"
    reference = work / f"reference/{network}.safetensors"
    if not file.exists() or not reference.exists():
        return "", ""
    import torch
    from safetensors.torch import load_file

    got, want = (torch.cat([t.double().flatten() for _, t in sorted(load_file(f).items())]) for f in (file, reference))
    difference = got - want
    relative = (difference.abs().max() / want.abs().max()).item()
    psnr = 20 * torch.log10((want.max() - want.min()) / difference.square().mean().sqrt()).item()
    return f"{relative:.1e}", f"{psnr:.1f}"


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            flags = line.split()
        elif line.startswith("model name"):
            name = line.split(":")[1].strip()
    have = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile") if f in flags]
    return f"{name} ({', '.join(have)})"


def versions(lines):
    return ", ".join(sorted({x["versions"] for x in lines}) + [f"{n} threads" for n in sorted({x["threads"] for x in lines})])
