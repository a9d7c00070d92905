"""Whether files of two folders of results belong to one version of a suite, so that their runs can be compared."""

from pathlib import Path

from moco_bench.errors import InputError
from moco_bench.files import read_mapping
from moco_bench.suite.equal_compute import budget_rows
from moco_bench.suite.load import parse_suite
from moco_bench.suite.strict_yaml import read_yaml
from moco_bench.suite.suite import Suite


def check_equal_files(first: Path, second: Path) -> None:
    """Compare a file beside a suite's runs with its namesake in another folder of results.

    Raises:
        InputError: they are of other images, another search, another version of the suite, or costs by which an arm
            would train for another number of epochs.
    """
    if first.parent.name == "data" and read_mapping(first).get("sha256") != read_mapping(second).get("sha256"):
        raise InputError(f"{second}: describes other images than {first}; their results can't be compared")
    searched = first.name in ("tuned.json", "tune.csv")
    if searched and first.read_bytes() != second.read_bytes():
        raise InputError(f"{second}: another search than {first}; runs whose settings differ can't be compared")
    if first.name == "costs.json":
        _check_equal_epochs(first, second)
    unequal = first.name == "suite.yaml" and first.read_bytes() != second.read_bytes()
    if unequal and _suite(first).model_dump() != _suite(second).model_dump():  # other comments are no other suite
        raise InputError(f"{second}: another suite than {first}; merge results of one version of a suite")


def _suite(copy: Path) -> Suite:
    """A suite's copy in its results. Its plug-ins are those that it describes: a stranger's code is not run."""
    return parse_suite(read_yaml(copy), str(copy))


def _check_equal_epochs(first: Path, second: Path) -> None:
    """Two machines measure unequal costs; the first one's are kept, if both give each arm the same epochs."""
    if not (described := first.with_name("suite.yaml")).exists():
        return
    suite = _suite(described)
    ours, theirs = (
        {
            (row["dataset"], row["encoder"], row["arm"], row["budget"]): row["epochs"]
            for row in budget_rows(suite, costs)
        }
        for costs in (read_mapping(path).get("costs") for path in (first, second))
    )
    for key, epochs in ours.items():
        other = theirs.get(key, epochs)
        if other != epochs:
            raise InputError(
                f"{second}: gives {key[2]} {other} epochs at equal {key[3]}, but {first} gives it {epochs}; such runs "
                "can't be compared. Copy the first file over the second and train them again"
            )
