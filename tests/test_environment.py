"""Both ways of installing the package name the same software in the same ranges."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[1]
OTHER_NAMES = {"matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
"""Conda packages that are the PyPI package of another name, less its extras."""


def declared() -> dict[str, SpecifierSet]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [Requirement(text) for text in project["dependencies"]]
    return {requirement.name: requirement.specifier for requirement in requirements}


def environment() -> dict[str, object]:
    return dict(yaml.safe_load((ROOT / "environment.yml").read_text()))


def in_conda() -> tuple[dict[str, SpecifierSet], list[str]]:
    """Packages with their ranges, and what is left to pip as it is written."""
    ranges: dict[str, SpecifierSet] = {}
    for_pip: list[str] = []
    for entry in environment()["dependencies"]:  # type: ignore[attr-defined]
        if isinstance(entry, dict):
            for_pip = entry["pip"]
            continue
        name, wanted = re.fullmatch(r"([a-z0-9_-]+)(.*)", entry).groups()  # type: ignore[union-attr]
        ranges[OTHER_NAMES.get(name, name)] = SpecifierSet(wanted)
    return ranges, for_pip


def test_conda_and_pip_install_the_same_ranges() -> None:
    ranges, for_pip = in_conda()
    from_pip = [Requirement(text) for text in for_pip if not text.startswith("-")]
    ranges |= {requirement.name: requirement.specifier for requirement in from_pip}
    for name, wanted in declared().items():
        assert ranges.get(name) == wanted, name


def test_conda_installs_nothing_that_the_project_does_not_declare() -> None:
    ranges, _ = in_conda()
    assert set(ranges) - set(declared()) == {"python", "pip", "pygments"}


def test_python_is_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert in_conda()[0]["python"] == SpecifierSet(project["requires-python"])


def test_the_package_itself_is_installed_from_the_checkout() -> None:
    assert "-e ." in in_conda()[1]
    assert environment()["name"] == "moco-bench"


def test_the_workflow_refuses_a_snakemake_below_the_range() -> None:
    """The lowest version is the same in all files: an older one is refused before a workflow starts."""
    (floor,) = (s.version for s in declared()["snakemake"] if s.operator == ">=")
    assert f'min_version("{floor}")' in (ROOT / "Snakefile").read_text()
    assert Version(floor) >= Version("9.17")
