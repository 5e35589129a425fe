#!/usr/bin/env bash
# What to run where there is a GPU: check.sh 1|2|3, each of which takes some seven minutes, the last fifteen at most. README.md says what
# they do.
#
# BIN is where build.sh has put the programs, tools/gpu/bin unless set. What is printed goes to files in a folder OUT, too, if that is
# set. A step that fails does not keep the next one from running, but check.sh fails in the end. DEVICE is cuda unless set.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${BIN:-$here/bin}
device=${DEVICE:-cuda}
python=${PYTHON:-python3}
work=$(mktemp -d)
out=${OUT:-$work}
trap 'rm -rf "$work"' EXIT
failed=()

for name in cuda.test benchmarks.test mkmodel; do
	gzip -dc "$bin/$name.gz" >"$work/$name" || { echo "no $name in $bin: run build.sh" >&2; exit 1; }
	chmod +x "$work/$name"
done

# step SECONDS NAME COMMAND... runs a command, or one of the functions below, for so long at most.
step() {
	local seconds=$1 name=$2 began=$SECONDS status=0
	shift 2
	printf '\n== %s\n' "$name"
	timeout "$seconds" bash -c '"$@"' bash "$@" 2>&1 | tee "$out/$name.txt" || status=$?
	printf '== %s: status %d, %d s\n' "$name" "$status" $((SECONDS - began))
	[ "$status" = 0 ] || failed+=("$name")
}

# kernels and full run the tests of a package in its folder, where their data is.
kernels() { (cd "$root/backend/cuda" && exec "$work/cuda.test" -test.timeout 10m -device "$device" "$@"); }
full() { (cd "$root/benchmarks" && exec "$work/benchmarks.test" -test.timeout 10m -device "$device" "$@"); }
system() {
	nvidia-smi
	nvidia-smi -q -d CLOCK,POWER,PERFORMANCE,ECC | head -80
	nvidia-smi --query-gpu=name,compute_cap,driver_version,memory.total,clocks.max.sm --format=csv
	ldd --version | head -1
	lscpu | head -20
	free -g
	command -v nvcc ptxas compute-sanitizer "$python"
	"$python" -c 'import torch; print(torch.__version__, torch.version.cuda, torch.cuda.get_device_properties(0))'
}

sanitized() {
	local tool
	tool=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -1)
	[ -n "$tool" ] || { echo "no compute-sanitizer here"; return 0; }
	for check in memcheck racecheck; do
		(cd "$root/backend/cuda" && "$tool" --tool "$check" --error-exitcode 9 "$work/cuda.test" -device "$device" -test.short \
			-test.run 'TestConformance$') || return
	done
}

export -f kernels full system sanitized
export root work device python

# model PIPELINE writes a model's folder with random weights, in memory if there is room.
model() {
	local folder=/dev/shm
	[ "$(df --output=avail -k "$folder" | tail -1)" -gt 45000000 ] || folder=$work
	folder=$(mktemp -d "$folder/model.XXXXXX")
	"$work/mkmodel" -pipeline "$1" -o "$folder" >&2 && echo "$folder"
}

# pipeline NAME NETWORK... draws with a model of the published size, and runs its networks in PyTorch.
pipeline() {
	local name=$1 folder
	shift
	folder=$(model "$name") || { failed+=("model of $name"); return; }
	step 100 "$name" full -model "$folder" -test.v -test.run 'TestFullDevice'
	step 60 "$name-12GB" full -model "$folder" -test.v -test.run 'TestFullStreaming'
	rm -rf "$folder"
	for network in "$@"; do
		step 40 "$network-torch" "$python" "$here/networks.py" "$network"
		step 150 "$network-torch-compiled" "$python" "$here/networks.py" "$network" --compile
	done
}

case ${1:-} in
1)
	step 20 system system
	step 20 instructions kernels -test.v -test.run 'TestInstructions'
	step 90 conformance kernels -test.run 'TestConformance$'
	step 20 traces kernels -test.v -test.run 'TestTrace'
	step 60 sanitizer sanitized
	step 210 conformance-long kernels -long -test.v -test.run 'TestConformanceLong'
	;;
2)
	step 240 products full -test.run '^$' -test.bench Products -test.benchtime 3x
	step 150 products-torch "$python" "$here/products.py" "$out/products.txt"
	;;
3)
	pipeline sdxl unet decoder
	pipeline flux dit
	;;
*)
	echo "usage: check.sh 1|2|3" >&2
	exit 2
	;;
esac
[ ${#failed[@]} = 0 ] || { printf '\nfailed: %s\n' "${failed[*]}"; exit 1; }
