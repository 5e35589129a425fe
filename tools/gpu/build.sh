#!/usr/bin/env bash
# Builds what check.sh runs, for a machine without Go: build.sh [FOLDER], which is tools/gpu/bin unless given. They need the C library
# of this machine or a newer one. TAGS=cudafake builds them for a machine without a GPU.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$root/tools/gpu/bin}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root"
export CGO_ENABLED=1
flags=(-trimpath -ldflags "-s -w" -tags "${TAGS:-}")
go test -c "${flags[@]}" -o "$out/cuda.test" ./backend/cuda
go test -c "${flags[@]}" -o "$out/benchmarks.test" ./benchmarks
go build "${flags[@]}" -o "$out/mkmodel" ./benchmarks/mkmodel
gzip -9 -f "$out/cuda.test" "$out/benchmarks.test" "$out/mkmodel"
size=$(cat "$out"/*.gz | wc -c)
echo "$out: $size bytes"
test "$size" -le 25000000
