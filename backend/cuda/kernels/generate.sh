#!/usr/bin/env bash
# Compiles the kernels to PTX, and checks what assemblers of all devices make of it: generate.sh [NAME...]; without names, all.
# pip finds the compilers as it is configured to: without a network, PIP_NO_INDEX=1 PIP_FIND_LINKS=a folder of wheels. They stay in
# the folder KERNEL_TOOLS, if there is one, for the next time.
set -euo pipefail
cd "$(dirname "$0")"
tools=${KERNEL_TOOLS:-$(mktemp -d)}
[ -n "${KERNEL_TOOLS:-}" ] || trap 'rm -rf "$tools"' EXIT
[ -x "$tools/bin/python" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
"$tools/bin/python" generate.py "$@"
"$tools/bin/python" assemble.py "$@"
