"""`moco-bench report`: renders a results directory as a page with tables and figures."""

import argparse
import gc
from pathlib import Path

HELP = "render results/SUITE as reports/SUITE/report.html"
EXAMPLE = "moco-bench report results/quickstart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="folder with runs.csv and what lies beside it")
    parser.add_argument("--out", type=Path, help="where to write (default: reports/SUITE, beside the results folder)")


def run(args: argparse.Namespace) -> int:
    """Write the report and print its path."""
    from moco_bench.report.write import write_report
    from moco_bench.suite.on_disk.made import made_of_report, note_made, report_basis, reported

    out = args.out or default_out(args.results)
    basis = report_basis(args.results)  # before anything is read: what changes meanwhile makes the report old
    frequent = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)  # of ten thousand runs' records nearly all live on: a fifth of the time
    try:
        page = write_report(args.results, out)
    finally:
        gc.set_threshold(*frequent)
    note_made(reported(out), basis, made_of_report(out))
    print(page)
    return 0


def default_out(results: Path) -> Path:
    """reports/SUITE beside the folder that holds `results` (results/SUITE); beside `results` itself otherwise."""
    place = results.resolve()
    base = place.parent.parent if place.parent.name == "results" else place.parent
    return base / "reports" / place.name
