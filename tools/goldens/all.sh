#!/usr/bin/env bash
# Writes all goldens anew: all.sh [PYTHON [ASSETS]]. PYTHON has the packages of tools/README.md; ASSETS is the asset folder of a
# clone of bytedance/FaceCLIP, without which the faces stay. git diff then shows what has changed: with the versions named in
# the scripts nothing, but bad-legacy.pt and bad-script.pt of internal/pytorch, which hold addresses.
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
[ $# -lt 2 ] || "$python" faces.py "$2"
for script in keys mini weights networks traces bfloat16 operations values float8 euler samplers sampled noise clip_cases clip5_cases t5_cases token_counts tokenizer_values safetensors_file pytorch photos metadata; do
	echo "$script.py"
	"$python" "$script.py"
done
