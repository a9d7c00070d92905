"""Equal compute: what each arm costs beside the baseline, and the epochs that this leaves it."""

from moco_bench.analyse.text import number
from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.report.links import Links
from moco_bench.report.results import Results
from moco_bench.report.tables.accuracy import KEY_NAMES
from moco_bench.report.tables.model import Column, Table, cell, drop_constant
from moco_bench.suite.costs import budget_rows

FILE = "costs.json"
WORDS = {"seconds": "training time", "flops": "operations"}


def budgets_table(results: Results, links: Links) -> Table | None:
    """One row an arm and budget; None where the suite compares at equal epochs only, or no cost is known yet."""
    suite, path = results.plan.suite, results.directory / FILE
    if suite is None or not path.is_file():
        return None
    try:
        measured = read_mapping(path).get("costs")
    except InputError:
        return None
    rows = tuple(
        (
            cell(row["arm"]),
            cell(row["dataset"]),
            cell(row["encoder"]),
            cell(WORDS[row["budget"]]),
            cell(number(row["relative"], 3), row["relative"]),
            cell(_load(row.get("foreign_load")), row.get("foreign_load")),
            cell(number(row["declared_epochs"], 0), row["declared_epochs"]),
            cell(number(row["epochs"], 0), row["epochs"]),
            cell("those at equal epochs" if row["shared"] else "of their own"),
            cell(number(row["compute"], 2), row["compute"]),
        )
        for row in budget_rows(suite, measured)
    )
    if not rows:
        return None
    columns = (
        Column("arm", "Arm", numeric=False),
        Column("dataset", "Data set", numeric=False),
        Column("encoder", "Encoder", numeric=False),
        Column("budget", "Equal", numeric=False),
        Column("relative", f"Cost of an image beside {results.plan.baseline}"),
        Column("foreign_load", "Machine used by others"),
        Column("declared_epochs", "Epochs, equal epochs"),
        Column("epochs", "Epochs, equal compute"),
        Column("runs", "Runs", numeric=False),
        Column("compute", "Compute reached"),
    )
    caption = (
        "Runs at equal compute are runs of their own with their whole schedule. Epochs are whole, so compute is equal "
        "to within half an epoch; an arm within 5 % of the baseline's cost isn't run again."
    )
    return drop_constant(
        Table("budgets", "Equal compute", caption, columns, rows, source=links.source(FILE)), KEY_NAMES
    )


def _load(share: object) -> str:
    return f"{100 * share:.0f} %" if isinstance(share, int | float) else "counted, not timed"
