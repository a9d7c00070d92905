"""`moco-bench status`: how far the runs of a suite are."""

import argparse
import json
from contextlib import suppress
from pathlib import Path

from moco_bench.cli.options import add_suite
from moco_bench.cli.text_table import text_table
from moco_bench.cli.watch import watch
from moco_bench.errors import InputError, one_line
from moco_bench.files import read_json
from moco_bench.suite.load import load_suite
from moco_bench.suite.plan import MAX_REASON, PlannedRun, SuitePlan, plan_suite

HELP = "Show how far a suite is, arm by arm, and name the runs that failed and why."
EXAMPLE = "moco-bench status config/quickstart.yaml"

STATES = ("done", "failed", "evaluate", "shared", "started", "changed", "new")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    parser.add_argument("--json", action="store_true", help="print the status as JSON")
    parser.add_argument("--watch", action="store_true", help="a live grid of all runs, until they have ended or Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Print a row for each data set, encoder and arm."""
    suite = load_suite(options.suite)

    def look() -> SuitePlan:
        return plan_suite(suite, options.suite, options.results, options.results.parent / "reports")

    if options.watch:
        with suppress(KeyboardInterrupt):
            watch(lambda: look().runs, options.results)
        return 0
    plan = look()
    planned = plan.runs
    cells: dict[tuple[str, str, str], dict[str, int]] = {}
    for item in planned:
        cells.setdefault(item.run.place, dict.fromkeys(STATES, 0))[item.state] += 1
    failures = {item.run.id: _reason(item, options.results) for item in planned if item.state == "failed"}
    if options.json:
        named = [
            {"dataset": dataset, "encoder": encoder, "arm": arm, **counts}
            for (dataset, encoder, arm), counts in cells.items()
        ]
        print(json.dumps({"cells": named, "failures": failures, "steps": dict(plan.steps())}, indent=2))
        return 0
    rows = [(*cell, *counts.values()) for cell, counts in cells.items()]
    print(text_table(("data set", "encoder", "arm", *STATES), rows))
    for run_id, reason in failures.items():
        print(f"failed: {run_id}: {reason}")
    for item in planned:
        if item.state == "changed" or "was changed" in item.reason:
            print(f"{item.state}: {item.run.id}: {item.reason}")
    for step, reason in plan.steps():
        print(f"to do: {step}: {reason}")
    return 0


def _reason(item: PlannedRun, results: Path) -> str:
    try:
        return one_line(read_json(item.run.directory(results) / "run.json").get("reason"))[:MAX_REASON]
    except InputError as error:
        return str(error)
