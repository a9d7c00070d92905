"""`moco-bench profile`: memory and time of every arm's training step, by cause."""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from moco_bench.cli.options import add_suite
from moco_bench.cli.text_table import text_table
from moco_bench.errors import InputError
from moco_bench.files import sealed, write_json
from moco_bench.jobs.progress import say
from moco_bench.suite.equal_compute import budget_rows, costs_path
from moco_bench.suite.load import load_suite
from moco_bench.suite.suite import Suite

HELP = """Measure where memory and time of each arm's training step go: results/SUITE/profile/.

With --costs only what equal compute needs: each arm's cost beside the baseline's, results/SUITE/costs.json.
It wants the machine to itself; what else ran is detected and written down.
It replaces an earlier profile of the suite."""
EXAMPLE = "moco-bench profile config/quickstart.yaml"

_tell = partial(say, stream=sys.stderr)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--json", action="store_true", help="print time and memory as JSON")
    parser.add_argument(
        "--costs", action="store_true", help="measure no more than what the suite's `budgets` need to know"
    )
    parser.add_argument(
        "--trace",
        type=Path,
        metavar="FILE",
        help="write a trace (.json or .json.gz) for Perfetto: one step of every arm, on the suite's first data set "
        "with its first encoder only",
    )
    parser.add_argument(
        "--snapshot",
        type=Path,
        metavar="FILE",
        help="write every block of memory of that step, with its cause, for PyTorch's memory viewer (a pickle)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the profile's files and print time and peak memory of each arm."""
    suite = load_suite(options.suite)
    directory = options.results / suite.name / "profile"
    for option, file in (("--trace", options.trace), ("--snapshot", options.snapshot)):
        _check_places(directory, option, file)
    if options.costs:
        return _costs(suite, options)

    from moco_bench.profile.run import first_steppers, profile_suite, write_profile
    from moco_bench.profile.snapshot import write_snapshot
    from moco_bench.profile.trace import write_trace
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.signals import interrupted_by_signals

    with interrupted_by_signals("profile"), leased_device(suite.train.device) as device:
        profile = profile_suite(suite, device, tell=_tell)
        write_profile(profile, suite, directory)
        if options.snapshot is not None:
            write_snapshot(options.snapshot, first_steppers(suite, device))
            _tell(f"{options.snapshot}: open it at pytorch.org/memory_viz")
        if options.trace is not None:
            write_trace(options.trace, first_steppers(suite, device))
            _tell(f"{options.trace}: open it at ui.perfetto.dev or in chrome://tracing")
    tables = profile.tables
    if options.json:
        print(json.dumps({name: tables[name] for name in ("time", "memory")}, indent=2))
        return 0
    print(_as_text(tables, directory))
    print(_unattributed(profile.cells))
    return 0


def _check_places(directory: Path, option: str, file: Path | None) -> None:
    """Raise `InputError` where files can't be written, before anything is measured."""
    _check_folder("--results", directory)
    _check_folder("--results", directory.parent)  # tables are written there first
    if file is None:
        return
    folders = (directory, *directory.parents)
    if file.is_dir() or file.resolve() in [folder.resolve() for folder in folders]:
        raise InputError(f"{option}: {file} is a folder; the name of a file would be right")
    _check_folder(option, file.parent)


def _check_folder(option: str, folder: Path) -> None:
    """Raise `InputError` unless `folder` is writable, or can be created."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not there.is_dir():
        raise InputError(f"{option}: {there} is a file; a folder would be right")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{option}: no permission to write to {there}; a folder of one's own would be right")


def _costs(suite: Suite, options: argparse.Namespace) -> int:
    """Write `costs.json` and print how many epochs each arm has at equal compute."""
    from moco_bench.profile.relative_costs import costs_of_suite
    from moco_bench.train.gpu_lease import leased_device
    from moco_bench.train.signals import interrupted_by_signals

    path = costs_path(suite, options.results)
    with interrupted_by_signals("costs"), leased_device(suite.train.device) as device:
        costs = costs_of_suite(suite, device, options.results, tell=_tell)
        write_json(path, sealed(costs))
    if options.json:
        print(json.dumps(costs, indent=2))
        return 0
    header = ("arm", "data set", "encoder", "equal", "relative cost", "epochs", "")
    rows = [
        (
            *(row[name] for name in ("arm", "dataset", "encoder", "budget")),
            f"{row['relative']:.3f}",
            row["epochs"],
            f"shared: the {row['declared_epochs']} of equal epochs" if row["shared"] else "",
        )
        for row in budget_rows(suite, costs["costs"])
    ]
    print(f"{text_table(header, rows)}\n{path}")
    return 0


def _unattributed(cells: list[dict[str, Any]]) -> str:
    """The largest unattributed memory of any arm, by phase."""
    lines = []
    for phase in ("training", "evaluation"):
        found = [phases[phase] for cell in cells for phases in cell["memory"].values() if phase in phases]
        if found:
            peak, above = (
                max(row[name] for row in found) for name in ("unattributed_of_peak", "unattributed_above_baseline")
            )
            lines.append(f"unattributed in {phase}: at most {peak:.1%} of the peak, {above:.1%} above the baseline")
    return "\n".join(lines)


def _as_text(tables: dict[str, list[dict[str, Any]]], directory: Path) -> str:
    peaks = {
        (row["dataset"], row["encoder"], row["arm"]): row["mib"]
        for row in tables["memory"]
        if row["phase"] == "training" and row["part"] == "peak"
    }
    rows = [
        (
            *(row[name] for name in ("arm", "dataset", "encoder")),
            f"{row['median_ms']:.1f}",
            f"{row['q1']:.1f} - {row['q3']:.1f}",
            f"{row['ratio']:.3f}" if row["ratio"] is not None else "-",
            f"{row['images_per_second']:.0f}",
            f"{peaks[row['dataset'], row['encoder'], row['arm']]:.0f}",
            f"{100 * row['foreign_load']:.0f} %",
        )
        for row in tables["time"]
        if row["part"] == "step"
    ]
    header = ("arm", "data set", "encoder", "step, ms", "quartiles", "relative", "images/s", "peak, MiB", "others")
    return f"{text_table(header, rows)}\n{directory}"
