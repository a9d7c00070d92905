"""`moco-bench merge`: results of several machines in one folder."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from moco_bench.errors import one_line
from moco_bench.jobs.progress import say

HELP = """Join folders of results by fingerprint into one folder, and say where equal settings gave unequal numbers.

Every file is checked against its hash first; what has none is refused. Of two runs the first is kept. Exit code 1
where a run was left out because its run.json can't be read. Then `moco-bench collect SUITE.yaml --results DIR`,
`analyse` and `report` go on as with results of one machine."""
EXAMPLE = "moco-bench merge laptop/results cluster/results --out results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("roots", type=Path, nargs="+", metavar="RESULTS", help="folders of results")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where they are joined; what is there already stays"
    )
    parser.add_argument(
        "--without-encoders", action="store_true", help="leave the weights out: small enough to commit or to publish"
    )


def run(options: argparse.Namespace) -> int:
    """Copy the runs, write SUITE/machine_effects.csv, and say what was found."""
    from moco_bench.analyse.merge import EFFECTS_FILE, only_evaluated, plan_merge, write_merged
    from moco_bench.analyse.write import write_table

    merged = plan_merge(options.roots, options.out)
    if options.without_encoders:
        merged = only_evaluated(merged)
    for problem in merged.left_out:
        print(f"moco-bench: left out: {problem}", file=sys.stderr)
    for note in merged.notes:
        print(f"moco-bench: warning: {one_line(note)}", file=sys.stderr)
    write_merged(merged, options.out, encoders=not options.without_encoders)
    counts = Counter(found.place.parts[0] for found in merged.runs)
    for suite, count in sorted(counts.items()):
        own = merged.effects[merged.effects["run"].str.startswith(f"{suite}/")]
        path = options.out / suite / EFFECTS_FILE
        told = f"{options.out / suite}: {count} runs"
        if len(own):
            write_table(path, own)
            told += f"; other numbers on another machine in {own['run'].nunique()} of its runs and baselines: {path}"
        else:
            path.unlink(missing_ok=True)
        say(told)
    return 1 if merged.left_out else 0
