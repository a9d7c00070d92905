"""Benchmarks of the package's parts, and what changed since they were stored."""

from moco_bench.analyse.benchmarks import FASTER, FILE, MARGIN, SLOWER, machine_words
from moco_bench.analyse.text import ABSENT, number
from moco_bench.errors import InputError
from moco_bench.files import read_json
from moco_bench.measure.load import EXCLUSIVE_BELOW
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Table, cell
from moco_bench.report.read.results import Results

TONES = {FASTER: "good", SLOWER: "bad"}


def benchmarks_table(results: Results, links: Links) -> Table | None:
    """One row a benchmark: median and quartiles, and its change where there is something to compare with."""
    try:
        found = read_json(results.directory / FILE)
        rows = tuple(_row(benchmark) for benchmark in found["benchmarks"])
    except (InputError, KeyError, TypeError):
        return None
    machine = found.get("machine") or {}
    compared = found.get("compared_with")
    note = (
        "Nothing is stored to compare with."
        if compared is None
        else f"Stored ones were measured on: {_words(compared, found.get('compared_with_torch'))}. "
        + ("Another machine, so changes are shown and not judged." if compared != machine else "The same machine.")
    ) + _load_words(found.get("foreign_load"))
    columns = (
        Column("name", "Benchmark", numeric=False),
        Column("median_ms", "Median, ms [quartiles]"),
        Column("rounds", "Rounds"),
        Column("stored_ms", "Stored, ms"),
        Column("change", "Change, %"),
        Column("verdict", "Verdict", numeric=False),
    )
    return Table(
        "benchmarks",
        "Benchmarks of the parts",
        f"Measured by pytest-benchmark on: {_words(machine, found.get('torch'))}. A change counts beyond "
        f"{100 * MARGIN:g} % and where the quartiles don't overlap.",
        columns,
        rows,
        note=note,
        source=links.source(FILE),
    )


def _row(benchmark: dict[str, object]) -> tuple[Cell, ...]:
    median, low, high = (float(str(benchmark[name])) for name in ("median_ms", "q1_ms", "q3_ms"))
    stored, change, verdict = (benchmark.get(name) for name in ("stored_ms", "change", "verdict"))
    return (
        cell(benchmark["name"]),
        cell(f"{number(median, 3)} [{number(low, 3)}, {number(high, 3)}]", median),
        cell(benchmark["rounds"], benchmark["rounds"]),
        Cell(ABSENT) if stored is None else cell(number(float(str(stored)), 3), stored),
        Cell(ABSENT) if change is None else cell(number(100 * float(str(change)), 1, signed=True), change),
        cell(verdict or ABSENT, tone=TONES.get(str(verdict), "quiet")),
    )


def _words(machine: dict[str, object], torch: object) -> str:
    return machine_words(machine) + (f", torch {torch}" if torch else "")


def _load_words(load: object) -> str:
    if not isinstance(load, int | float):
        return " Whether others used the machine meanwhile was not recorded."
    busy = ", so no change is judged" if load >= EXCLUSIVE_BELOW else ""
    return f" Others had {number(100 * load, 0)} % of the machine while these were measured{busy}."
