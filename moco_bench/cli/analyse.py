"""`moco-bench analyse`: effects, intervals, tests and verdicts from a table of runs."""

import argparse
import sys
from pathlib import Path

HELP = "compute effects.csv and claims.csv from results/SUITE/runs.csv"
EXAMPLE = "moco-bench analyse results/quickstart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="folder with runs.csv and, if any, suite.yaml")
    parser.add_argument("--json", action="store_true", help="print the effects as JSON")


def run(args: argparse.Namespace) -> int:
    """Write the tables and print the primary metric's effects."""
    from moco_bench.analyse.text import effects_as_text
    from moco_bench.analyse.write import analyse
    from moco_bench.suite.on_disk import made

    edited = made.changed_by_hand(made.collected(args.results), [args.results / name for name in made.TABLES])
    for name in edited:
        print(f"moco-bench: warning: {args.results / name} was changed by hand after `collect`", file=sys.stderr)
    basis = made.analysis_basis(args.results)  # before anything is read: what changes meanwhile makes the tables old
    effects, claims, plan = analyse(args.results)
    files = [args.results / name for name in (*made.ANALYSIS, *made.ANALYSIS_IF_KNOWN)]
    made.note_made(made.analysed(args.results), basis, [path for path in files if path.is_file()])
    if args.json:
        print(effects.to_json(orient="records", double_precision=10))
        return 0
    print(effects_as_text(effects, plan.config.primary))
    print(
        f"{args.results / 'effects.csv'}: {len(effects)} effects; "
        f"{args.results / 'claims.csv'}: {len(claims)} claims; "
        f"analysis {plan.fingerprint[:12]}" + ("" if plan.suite else " (no suite.yaml: defaults, no claims)")
    )
    return 0
