"""`moco-bench plan`: what would run, and why."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from moco_bench.cli.options import add_part, add_suite, part_of
from moco_bench.cli.text_table import text_table
from moco_bench.data.described import data_warnings
from moco_bench.suite.checks.suite import warnings
from moco_bench.suite.load import load_suite
from moco_bench.suite.needs import HoursLeft, hours_left, hours_of_search, taken_by
from moco_bench.suite.obstacles import obstacles
from moco_bench.suite.on_disk.kept_mass import filters_that_hardly_filter
from moco_bench.suite.part import plan_of_part
from moco_bench.suite.plan import PlannedRun, plan_run, plan_suite
from moco_bench.suite.profiled import step_times
from moco_bench.suite.steps import why_tune
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import HELD_OUT, candidates

HELP = "Check a suite and list its runs, the state of each, and why it would run. Writes nothing."
EXAMPLE = "moco-bench plan config/quickstart.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_suite(parser)
    add_part(parser)
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the plan; warnings go to standard error."""
    suite = load_suite(options.suite)
    whole = plan_suite(suite, options.suite, options.results, options.results.parent / "reports")
    plan = plan_of_part(part_of(options), whole)
    mild = filters_that_hardly_filter([item.run for item in plan.runs], options.results)
    odd = data_warnings(suite, options.results)
    for warning in dict.fromkeys((*warnings(suite), *odd, *mild, *obstacles(plan))):
        print(f"warning: {warning}", file=sys.stderr)
    if options.json:
        print(json.dumps([_as_dict(item) for item in plan.runs], indent=2))
        return 0
    rows = [(item.run.id, item.state, item.reason or "-") for item in plan.runs]
    print(text_table(("run", "state", "why it would run"), rows))
    steps = list(plan.steps())
    if steps:
        print(f"\n{text_table(('step', 'why it would run'), steps)}")
    if suite.tune:
        print(f"\n{_describe_search(suite, options.results)}")
    counts = Counter(item.state for item in plan.runs)
    print()
    if counts["changed"]:
        print("Runs that have changed replace the results that are there.")
    if not steps and not any(item.would_run for item in plan.runs):
        print("Nothing to do: the suite is complete.")
    print(f"{len(plan.runs)} runs: " + ", ".join(f"{number} {state}" for state, number in counts.items()))
    folder = options.results / suite.name / "profile"
    profile = step_times(suite, folder)
    trials = candidates(suite)
    taken = taken_by(whole.runs, options.results, trials)
    left = hours_left(taken, plan.runs, profile, whole.images)
    to_search = trials if why_tune(suite, options.results) else ()  # an archive holds no candidates' runs
    search = hours_of_search(taken, to_search, options.results, profile, whole.images)
    if left.hours or search.hours:
        print(_describe_hours(left, search, f"the profile of {profile.machine} ({folder})" if profile else ""))
    return 0


def _describe_hours(runs: HoursLeft, search: HoursLeft, profile: str) -> str:
    """The hours of training that are left, the search's part of them, and how they are known."""
    by_profile, unknown = runs.by_profile + search.by_profile, runs.unknown + search.unknown
    said = f"Left to train: about {runs.hours + search.hours:.2g} hours, one run after the other"
    said += f", of which {search.hours:.2g} for the candidates of `tune`" if search.hours else ""
    said += f"; {by_profile} runs are estimated by {profile}" if by_profile else ""
    return said + (f"; without {unknown} runs of which nothing is known" if unknown else "")


def _describe_search(suite: Suite, results: Path) -> str:
    """The size of the search before the runs, and what is left of it."""
    trials = candidates(suite)
    arms = len({trial.place for trial in trials})
    if not why_tune(suite, results):  # an archive holds what was chosen and no candidates' runs
        return f"tune: {len(trials)} candidates were trained, {len(trials) // arms} for each arm; the runs use the best"
    left = [trial for trial in trials if plan_run(trial.run, results).would_run]
    epochs = sum(trial.run.train.trained_epochs for trial in left)
    return (
        f"tune: before the runs, {len(trials)} candidates are trained, {len(trials) // arms} for each arm; "
        f"{len(left)} are left: {epochs} epochs, each of {1 - HELD_OUT:.0%} of the training images"
    )


def _as_dict(item: PlannedRun) -> dict[str, object]:
    return {
        "run": item.run.id,
        **{name: value for name, value in item.run.names.items() if name != "suite"},
        "epochs": None if item.run.paced_by else item.run.train.trained_epochs,
        "state": item.state,
        "would_run": item.would_run,
        "reason": item.reason,
        "fingerprint": item.run.fingerprint,
        "evaluation_fingerprint": item.run.evaluation_fingerprint,
    }
