"""How much faster a run gets with more devices.

    python -m benchmarks.studies.device_scaling SUITE.yaml --run RUN --devices 1 2 4

Each number of devices trains the run for a few epochs in a folder of its own, by the usual command. Efficiency is the
throughput over that of one device times their number. On processors, leave as many cores free as the most devices take.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def throughput(suite: Path, run: str, devices: int, epochs: int) -> float:
    """Images per second of the run on so many devices."""
    raw = yaml.safe_load(suite.read_text(encoding="utf-8"))
    raw["train"] = {**raw.get("train", {}), "devices": devices, "epochs": epochs}
    raw["contrast"] = {**raw.get("contrast", {}), "filter_warmup_steps": 0}
    with tempfile.TemporaryDirectory() as folder:
        scaled, results = Path(folder, "scaled.yaml"), Path(folder, "results")
        scaled.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
        command = [sys.executable, "-m", "moco_bench.cli.main"]
        dataset = run.split("/")[0]
        for arguments in (["prepare", str(scaled), "--dataset", dataset], ["pretrain", str(scaled), "--run", run]):
            subprocess.run([*command, *arguments, "--results", str(results)], check=True, capture_output=True)
        (found,) = results.glob(f"*/runs/{run}/resources.json")
        return float(json.loads(found.read_text())["images_per_second"])


def main() -> None:
    """Print a row for each number of devices."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--run", required=True)
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    print(f"{'devices':>7}  {'images/s':>9}  {'efficiency':>10}")
    alone = None
    for devices in options.devices:
        found = throughput(options.suite, options.run, devices, options.epochs)
        alone = alone or found / devices
        print(f"{devices:>7}  {found:>9.0f}  {found / devices / alone:>10.2f}", flush=True)


if __name__ == "__main__":
    main()
