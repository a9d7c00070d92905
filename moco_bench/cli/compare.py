"""`moco-bench compare`: did anything get worse between two results directories?"""

import argparse
from pathlib import Path

from moco_bench.errors import InputError

HELP = """Compare two results folders, seed by seed: two versions of the code, or two machines.

A row is `same` where it is shown to be within the margin, `regression` or `improvement` where it is beyond it and its
interval leaves out zero, else `unclear`; with fewer than three common seeds there is a question mark instead.
Exit 1 where something got worse beyond the margin, fails now, or nothing could be compared."""
EXAMPLE = "moco-bench compare results-old/quickstart results/quickstart"
BESIDE_ROWS = (
    "only_before", "only_after", "newly_failed", "different_settings", "lost", "other_images", "common", "regressed",
    "nothing_compared",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("before", type=Path, metavar="RESULTS_A")
    parser.add_argument("after", type=Path, metavar="RESULTS_B")
    parser.add_argument("--metric", action="append", help="compare only this metric (may be given again)")
    parser.add_argument("--margin-points", type=float, help="of accuracies (default: the suite's of RESULTS_A)")
    parser.add_argument("--margin-percent", type=float, help="of all else (default: the suite's of RESULTS_A)")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the comparison; 1 if it has a regression or nothing was compared."""
    import json
    import sys

    from moco_bench.analyse.analysis_plan import plan_for
    from moco_bench.analyse.compare import compare, other_images
    from moco_bench.analyse.table import read_runs
    from moco_bench.analyse.text import comparison_as_text
    from moco_bench.suite.metrics import METRICS

    margins = {name: getattr(args, name) for name in ("margin_points", "margin_percent")}
    for name, value in margins.items():
        if value is not None and not 0 <= value < 1e9:
            raise InputError(f"--{name.replace('_', '-')} {value}: a margin is a number from 0")
    config = plan_for(args.before).config
    unknown = [name for name in args.metric or [] if name not in METRICS]
    if unknown:
        raise InputError(f"--metric {unknown[0]}: no such metric; there are {', '.join(METRICS)}")
    config = config.model_copy(update={k: v for k, v in margins.items() if v is not None})
    found = compare(
        read_runs(args.before / "runs.csv"),
        read_runs(args.after / "runs.csv"),
        config,
        tuple(args.metric) if args.metric else None,
        other_images(args.before, args.after),
    )
    if args.json:
        rows = json.loads(found.table.to_json(orient="records", double_precision=10))
        print(json.dumps({"rows": rows, **{name: getattr(found, name) for name in BESIDE_ROWS}}, indent=2))
        if found.nothing_compared:
            print(f"moco-bench: {found.nothing_compared}", file=sys.stderr)
    else:
        print(comparison_as_text(found))
    return 1 if found.regressed or found.nothing_compared else 0
