"""How plan, dry run, analysis and report grow with the number of runs.

    python -m benchmarks.studies.grid_growth --out docs/results

Up to 20 seeds, and as many arms as that takes. The plan and the dry run are those of a suite of which nothing has been
run; the analysis and the report are of simulated results, so nothing is trained. Times are processor seconds, which
other work on the machine lengthens less than the clock's. Memory is the largest of the command's processes.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import yaml
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from moco_bench.files import write_text
from moco_bench.report.model.page import Plot
from moco_bench.report.render.figures import as_svg, grid, theme
from moco_bench.report.render.names import legend_above
from moco_bench.report.render.style import PAPER, arm_styles

ROOT = Path(__file__).parents[2]
MOST_SEEDS = 20
METER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
"""Runs a command from a small process: Linux counts the memory of the process that starts one as the started one's."""


def suite_of(runs: int, simulated: ModuleType) -> dict[str, Any]:
    """The values of a suite with about so many runs; further arms keep another fraction of the negatives each."""
    seeds = max(1, min(MOST_SEEDS, runs // 4))
    values: dict[str, Any] = simulated.suite_values(seeds)
    for arm in range(runs // seeds - len(values["arms"])):
        values["arms"][f"filter-{arm}"] = {
            "contrast": {"negatives": {"rule": "hardest", "fraction": round(0.3 + 1e-3 * arm, 3)}}
        }
    return values


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Processor seconds and peak memory in MiB of a command that is run in a folder. Raises if it fails."""
    told = subprocess.run(
        [sys.executable, "-c", METER, *command], cwd=folder, check=True, capture_output=True, text=True
    )
    seconds, mib = map(float, told.stdout.split()[-2:])
    return seconds, mib


def rows(runs: int, simulated: ModuleType) -> Iterator[dict[str, Any]]:
    """One row per command for a grid of about so many runs: command, runs, seconds, mib."""
    with tempfile.TemporaryDirectory() as name:
        folder, values = Path(name), suite_of(runs, simulated)
        total = len(values["arms"]) * len(values["seeds"])
        (folder / "grid.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        moco_bench = [sys.executable, "-m", "moco_bench.cli.main"]
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", name]
        commands = {
            "plan": [*moco_bench, "plan", "grid.yaml"],
            "dry run": [*snakemake, "--dry-run", "--quiet", "--configfile", "grid.yaml"],
            "analyse": [*moco_bench, "analyse", f"simulated/{values['name']}"],
            "report": [*moco_bench, "report", f"simulated/{values['name']}", "--out", "page"],
        }
        for command, arguments in commands.items():
            if command == "analyse":
                simulated.write_results(folder / "simulated", values)
            seconds, mib = measured(arguments, folder)
            yield {"command": command, "runs": total, "seconds": round(seconds, 2), "mib": round(mib)}


def growth_figure(table: pd.DataFrame) -> str:
    """SVG with processor seconds and memory against the number of runs, one line per command."""
    commands = list(dict.fromkeys(table["command"]))
    styles = arm_styles(commands)
    with theme("growth"):
        figure, axes = grid(1, 2, row_height=2.6)
        for panel, column, label in zip(
            axes[0], ("seconds", "mib"), ("processor seconds", "peak memory, MiB"), strict=True
        ):
            for command, own in table.groupby("command", sort=False):
                style = styles[command]
                panel.plot(own["runs"], own[column], marker=style.marker, color=style.colour, label=command)
            panel.set(xscale="log", yscale="log", xlabel="runs of the suite", ylabel=label)
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
                axis.set_minor_formatter(NullFormatter())
        legend_above(figure, axes[0, 0])
        svg = as_svg(Plot(name="growth", caption="", alt="", figure=figure, data=table))
    return svg.replace("<svg ", f'<svg style="background: {PAPER}" ', 1)  # a page may be dark


def _simulated_results() -> ModuleType:
    """`tests/report/synthetic_results.py`, which writes results as a workflow would have."""
    spec = importlib.util.spec_from_file_location("synthetic_results", ROOT / "tests/report/synthetic_results.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print a row per command and number of runs; with `--out` also write growth.csv and growth.svg."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[10, 100, 1000, 10000])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    simulated, found = _simulated_results(), []
    for runs in options.runs:
        for row in rows(runs, simulated):
            print(f"{row['runs']:>6}  {row['command']:<8}  {row['seconds']:>7.1f} s  {row['mib']:>5} MiB", flush=True)
            found.append(row)
    if options.out:
        table = pd.DataFrame(found)
        write_text(options.out / "growth.csv", table.to_csv(index=False))
        write_text(options.out / "growth.svg", growth_figure(table))


if __name__ == "__main__":
    main()
