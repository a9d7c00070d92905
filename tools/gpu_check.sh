#!/usr/bin/env bash
# Everything that only a card can show, in at most eight minutes; leaves one JSON.
#
#   tools/gpu_check.sh [OUT.json]             on a CUDA box
#   tools/gpu_check.sh --dry-run [OUT.json]   on a CPU, as small as it goes: shows that the check itself works
#
# OUT.json (default: gpu_check.json) lies in the folder in which the command was called, unless it is an absolute path.
#
# To bring, where the box has no package index: this checkout, and a folder of wheels, unpacked, in PYTHONPATH: pydantic,
# pydantic-core, annotated-types, typing-inspection (and lightly with its dependencies, for the peers; nvidia-ml-py, for
# power, clocks and energy). Python 3.11 or later, PyTorch, torchvision, numpy, Pillow, safetensors, filelock, psutil,
# PyYAML, scikit-learn, scipy and pytest have to be there; for compiled steps also gcc and Python's headers
# (python3-dev). With CIFAR-10 in the folder that MOCO_BENCH_DATA names (default: data), ten epochs are held against the
# published curve. What is missing is said in the JSON; the rest is checked all the same.
set -euo pipefail
python="${PYTHON:-python3}"
told='import sys; print("Python %d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))'
if ! version="$("$python" -c "$told" 2>/dev/null)"; then
    echo "gpu_check: Python 3.11 or later is needed, and $python is ${version:-not here}; PYTHON=... names another" >&2
    exit 2
fi
export GPU_CHECK_CALLED_FROM="$PWD"
cd "$(dirname "$0")/.."
export CUBLAS_WORKSPACE_CONFIG=:4096:8
exec "$python" -m tools.gpu_check "$@"
