#!/usr/bin/env bash
# Everything that only a card can show, in at most eight minutes; leaves one JSON.
#
#   tools/gpu_check.sh [OUT.json]             on a CUDA box
#   tools/gpu_check.sh --dry-run [OUT.json]   on a CPU, as small as it goes: shows that the check itself works
#
# To bring, where the box has no package index: this checkout, and a folder of wheels, unpacked, in PYTHONPATH: pydantic,
# pydantic-core, annotated-types, typing-inspection (and lightly with its dependencies, for the peers). PyTorch,
# torchvision, safetensors, filelock, psutil, PyYAML, scikit-learn, scipy and pytest have to be there. With CIFAR-10 in
# the folder that MOCO_BENCH_DATA names (default: data), ten epochs are held against the published curve.
# What is missing is said in the JSON; the rest is checked all the same.
set -euo pipefail
cd "$(dirname "$0")/.."
export CUBLAS_WORKSPACE_CONFIG=:4096:8
exec "${PYTHON:-python3}" -m tools.gpu_check "$@"
