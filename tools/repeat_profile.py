"""How well profiles of the same arms agree: time and memory, measured several times from the start.

    python tools/repeat_profile.py [config/quickstart.yaml] [--times 5] [--rounds 12] [--steps 3]

Each profile is a process of its own and times all arms in turns as `moco-bench profile` does, with the suite's rounds
and steps unless others are given; memory is the baseline's. Agreement is the largest distance of a profile from the
median of all, as a share of that median. `first of each turn` is the same samples' median with the first step of each
turn alone, what fewer steps would have given. Others' share of the machine, and how unsteady a fixed piece of work was,
are printed with it: times beside a busy neighbour mean less.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

QUICKSTART = Path(__file__).parents[1] / "config" / "quickstart.yaml"
AGREED = 0.05
ABOUT = ("foreign_load", "reference_spread")


def main(words: list[str] | None = None) -> int:
    """Print a row a figure."""
    parser = argparse.ArgumentParser(description="Agreement of repeated profiles of a suite's arms.")
    parser.add_argument("suite", type=Path, nargs="?", default=QUICKSTART)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rounds", type=int, help="default: the suite's")
    parser.add_argument("--steps", type=int, help="of an arm in each round (default: the suite's)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.one:
        print(json.dumps(one_profile(options.suite, options.rounds, options.steps)))
        return 0
    profiles = [_in_a_process(options) for _ in range(options.times)]
    rows = {name: agreement([profile[name] for profile in profiles]) for name in profiles[0] if name not in ABOUT}
    if options.json:
        print(json.dumps({"profiles": profiles, "agreement": rows}))
        return 0
    load = max(profile["foreign_load"] for profile in profiles)
    spread = max(profile["reference_spread"] for profile in profiles)
    print(
        f"{options.times} profiles; others used at most {100 * load:.0f} % of the machine, reference's quartiles "
        f"{spread:.2f} apart at most"
    )
    for name, (median, distance) in rows.items():
        word = "agree" if distance <= AGREED else f"do not agree within {100 * AGREED:.0f} %"
        print(f"{name:36s} median {median:9.3f}, at most {100 * distance:5.2f} % from it: {word}")
    return 0


def one_profile(suite_path: Path, rounds: int | None, steps: int | None) -> dict[str, float]:
    """Time of every arm, its ratio to the baseline, and the baseline's memory, measured in this process."""
    from moco_bench.data.datasets import load_dataset
    from moco_bench.profile.arm_memory import arm_memory
    from moco_bench.profile.stepper import Stepper
    from moco_bench.profile.tables import time_rows
    from moco_bench.profile.timing import STEP, time_steps
    from moco_bench.suite.config.profile import ProfileConfig
    from moco_bench.suite.load import load_suite
    from moco_bench.suite.profiled import profiled_runs

    suite = load_suite(suite_path)
    config = suite.profile or ProfileConfig()
    runs = next(iter(profiled_runs(suite).values()))
    base = runs[suite.baseline]
    memory = arm_memory(base, "cpu", evaluation=False).training
    dataset = load_dataset(base.dataset)
    steppers = {arm: Stepper(run, dataset, "cpu") for arm, run in runs.items()}
    samples = time_steps(
        steppers, repeats=rounds or config.repeats, steps=steps or config.steps, warmup_steps=config.warmup_steps
    )
    batches = {arm: run.train.batch_size for arm, run in runs.items()}
    found: dict[str, float] = {}
    timed = {"": samples, ", first of each turn": [sample for sample in samples if sample.number == 0]}
    for which, own in timed.items():
        rows = [row for row in time_rows(own, batches, suite.baseline) if row["part"] == STEP]
        found |= {f"{row['arm']}, ms{which}": row["median_ms"] for row in rows}
        found |= {f"{row['arm']}, in references{which}": row["in_references"] for row in rows}
        found |= {f"{row['arm']} over {suite.baseline}{which}": row["ratio"] for row in rows if row["ratio"] != 1.0}
    return {
        **found,
        f"{suite.baseline}, peak MiB": memory.peak,
        f"{suite.baseline}, tensors MiB": float(memory.counters["tensor_peak"] or 0.0),
        "foreign_load": max(sample.foreign_load for sample in samples),
        "reference_spread": max(row["reference_spread"] or 1.0 for row in rows),
    }


def agreement(values: list[float]) -> tuple[float, float]:
    """The median, and the largest distance from it as a share of it."""
    median = statistics.median(values)
    return median, max(abs(value - median) for value in values) / median


def _in_a_process(options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, str(options.suite), "--one"]
    for name in ("rounds", "steps"):
        command += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
