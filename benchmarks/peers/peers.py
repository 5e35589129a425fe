"""Runs us and what people would run instead side by side on the CPU: python peers.py [WORK]; README.md says what it needs.

A round runs every job once, in a process of its own, one at a time: a run to warm up, then one that counts. Lines of
WORK/results.jsonl say what there is already, so that an interrupted measurement goes on where it was. A setting that was clearly
slower than another one of the same peer is not run again.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import jobs
import prepare
import table

ROUNDS = 5
HOPELESS = 1.15  # times the best setting of a peer
HERE = pathlib.Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="?", default="/var/tmp/peers", help="folder outside of the repository, 30 GB")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="regular expression of jobs, such as 'ours|openvino/bf16/unet'")
    parser.add_argument("--isa", choices=["best", "avx2"], default="best", help="avx2 pins all peers to it")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--table", action="store_true", help="print what there is, and measure nothing")
    parser.add_argument("--list", action="store_true", help="print the jobs of a round")
    args = parser.parse_args()
    work = pathlib.Path(args.work).absolute()
    chosen = [job for job in jobs.all_jobs(args.isa == "avx2") if re.search(args.only, str(job))]
    if args.list:
        return print(*chosen, sep="\n")
    if not args.table:
        measure(work, chosen, args.rounds, args.threads)
    print(table.markdown(read(work), work))


def measure(work, chosen, rounds, threads):
    prepare.main(work, chosen)
    subprocess.run(["go", "build", "-o", work / "ours", "./ours"], cwd=HERE, check=True)
    for folder in ("outputs", "logs", "inductor"):
        (work / folder).mkdir(exist_ok=True)
    for n in range(1, rounds + 1):
        for job in chosen:
            lines = read(work)
            if is_due(job, n, lines):
                line = {"job": str(job), "round": n, "threads": threads, "time": time.time()} | run(job, work, threads)
                print(f"{n}/{rounds} {job}: {line.get('error') or line['seconds']}", file=sys.stderr)
                append(work, line, job)


def append(work, line, job):
    """A line, and others for networks that the run measured beside its own."""
    also = line.pop("also", {})
    with (work / "results.jsonl").open("a") as f:
        print(json.dumps(line), file=f)
        for network, seconds in also.items():
            print(json.dumps(line | {"job": str(dataclasses.replace(job, network=network)), "seconds": seconds}), file=f)


def is_due(job, n, lines):
    """Whether a job is to run in a round: not yet, it never failed, and its setting may be the best."""
    own = [x for x in lines if x["job"] == str(job)]
    if any("error" in x or x["round"] == n for x in own):
        return False
    rivals = [x for x in lines if "error" not in x and jobs.parse(x["job"]).rivals() == job.rivals()]
    return not own or table.best(own) <= HOPELESS * table.best(rivals)


def read(work):
    file = work / "results.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def run(job, work, threads):
    """What the worker reports, or an error. The system ends it rather than others, should memory run out."""
    name = str(job).replace("/", "-")
    worker = [work / "ours"] if job.peer == "ours" else [sys.executable, HERE / f"worker_{job.peer}.py"]
    arguments = ["--work", work, "--network", job.network, "--compute", job.compute, "--threads", threads,
                 "--output", work / f"outputs/{name}.safetensors"]
    if job.peer != "ours":
        arguments += ["--setting", job.setting]
    with (work / f"logs/{name}.log").open("w") as log:
        done = subprocess.run(
            ["choom", "-n", "1000", "--", *map(str, worker + arguments)], stdout=subprocess.PIPE, stderr=log, text=True,
            env=os.environ | job.environment() | {"TORCHINDUCTOR_CACHE_DIR": str(work / "inductor")})
    if done.returncode != 0:
        return {"error": f"exit status {done.returncode}, see {log.name}"}
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


if __name__ == "__main__":
    main()
