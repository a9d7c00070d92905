"""Benchmarks of the package's parts, and what changed since they were stored."""

from moco_bench.analyse.benchmarks import FASTER, FILE, MARGIN, SLOWER, machine_words
from moco_bench.analyse.text import ABSENT, number
from moco_bench.errors import InputError
from moco_bench.files import read_json
from moco_bench.measure.load import EXCLUSIVE_BELOW
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import Cell, Column, Row, Table, cell
from moco_bench.report.read.results import Results

TIMES = ("median_ms", "q1_ms", "q3_ms")
TONES = {FASTER: "good", SLOWER: "bad"}


def benchmarks_table(results: Results, links: Links) -> Table | None:
    """One row per benchmark: median and quartiles, and its change where there is something to compare with."""
    try:
        found = read_json(results.directory / FILE)
        rows = [{**row, **{name: float(row[name]) for name in TIMES}} for row in found["benchmarks"]]
    except (InputError, KeyError, TypeError, ValueError):
        return None
    machine, compared = found.get("machine") or {}, found.get("compared_with")
    note = (
        "Nothing is stored to compare with."
        if compared is None
        else f"Stored ones were measured on: {_words(compared, found.get('compared_with_torch'))}. "
        + ("Another machine, so changes are shown and not judged." if compared != machine else "The same machine.")
    ) + _load_words(found.get("foreign_load"))

    def median(row: Row) -> Cell:
        shown = (number(row[name], 3) for name in TIMES)
        return cell("{} [{}, {}]".format(*shown), row["median_ms"])

    def change(row: Row) -> Cell | None:
        part = row.get("change")
        return None if part is None else cell(number(100 * float(part), 1, signed=True), part)

    def verdict(row: Row) -> Cell:
        return cell(row.get("verdict") or ABSENT, tone=TONES.get(str(row.get("verdict")), "quiet"))

    columns = (
        Column.text("name", "Benchmark"),
        Column.number("median_ms", "Median, ms [quartiles]", of=median),
        Column.number("rounds", "Rounds"),
        Column.number("stored_ms", "Stored, ms", 3),
        Column.number("change", "Change, %", of=change),
        Column.text("verdict", "Verdict", verdict),
    )
    caption = (
        f"Measured by pytest-benchmark on: {_words(machine, found.get('torch'))}. A change counts beyond "
        f"{100 * MARGIN:g} % and where the quartiles don't overlap."
    )
    source = links.source(FILE)
    return Table.of("benchmarks", "Benchmarks of the parts", caption, columns, rows, note=note, source=source)


def _words(machine: dict[str, object], torch: object) -> str:
    return machine_words(machine) + (f", torch {torch}" if torch else "")


def _load_words(load: object) -> str:
    if not isinstance(load, int | float):
        return " Whether others used the machine meanwhile was not recorded."
    busy = ", so no change is judged" if load >= EXCLUSIVE_BELOW else ""
    return f" Others had {number(100 * load, 0)} % of the machine while these were measured{busy}."
