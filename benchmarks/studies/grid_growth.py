"""How the plan and the workflow's dry run grow with the number of runs.

    python -m benchmarks.studies.grid_growth --runs 10 100 1000 10000

A suite of four arms on digits, with as many seeds as that takes; nothing is trained. Times are processor seconds, which
other work on the machine lengthens less than the clock's. Memory is the largest of the process.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
HARDEST = {"rule": "hardest", "fraction": 0.25}
SUITE: dict[str, Any] = {
    "name": "grid",
    "dataset": "digits",
    "encoder": {"name": "resnet-compact", "width": 8},
    "contrast": {"queue_size": 512},
    "train": {"epochs": 1, "batch_size": 64},
    "arms": {
        "vanilla": None,
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": HARDEST}},
        "both": {"contrast": {"dual_view": "key-in-batch", "negatives": HARDEST}},
    },
}


def processor_seconds(command: list[str], folder: Path) -> float:
    """Processor time of a command that is run in a folder."""
    before = os.times()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print a row for each number of runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[10, 100, 1000, 10000])
    options = parser.parse_args()
    print(f"{'runs':>6}  {'plan, s':>8}  {'dry run, s':>10}  {'ms per run':>10}  {'memory, MiB':>11}")
    for runs in options.runs:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            seeds = max(1, round(runs / len(SUITE["arms"])))
            (folder / "grid.yaml").write_text(yaml.safe_dump({**SUITE, "seeds": seeds}, sort_keys=False))
            plan = processor_seconds([sys.executable, "-m", "moco_bench.cli.main", "plan", "grid.yaml"], folder)
            dry_run = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", name]
            dry = processor_seconds([*dry_run, "--dry-run", "--quiet", "--configfile", "grid.yaml"], folder)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        total = seeds * len(SUITE["arms"])
        print(f"{total:>6}  {plan:>8.1f}  {dry:>10.1f}  {1000 * dry / total:>10.1f}  {peak:>11.0f}", flush=True)


if __name__ == "__main__":
    main()
