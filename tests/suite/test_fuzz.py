"""Whatever a suite file holds: it is loaded, or refused in one line; and no run of it lies outside the results."""

import copy
import os
import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from moco_bench.errors import InputError
from moco_bench.suite.checks.suite import warnings
from moco_bench.suite.load import load_suite
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand
from moco_bench.suite.suite import Suite
from moco_bench.suite.validation import keys_by_place

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(CONFIG.glob("*.yaml"))}
IN_CI, IN_SOAK = 150, int(os.environ.get("MOCO_BENCH_INPUTS", "5000"))

few = settings(max_examples=IN_CI, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=IN_SOAK // 2, deadline=None, suppress_health_check=list(HealthCheck))

NAMES = (
    "..", ".", "../..", "/etc/passwd", "a/b", "a\\b", "a b", "'", '"', "`id`", "$(id)", "{x}", "*", "~", "-rf", "", " ",
    "\N{PILE OF POO}", "e\u0301", "\u202eevil", "nul\0l", "line\nbreak", "tab\t", "\ud800", "x" * 300, "CON", "seed0",
    "<b>", "\x1b[31m", "%s%n", "lock", "checkpoints",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**400, -(10**400), 0.0, -0.0, 1e-320, 1e308, float("inf"), float("-inf"),
    float("nan"), True, False, None,
)  # fmt: skip

KEYS = sorted(set().union(*keys_by_place(Suite).values()))

words = st.one_of(st.sampled_from(NAMES), st.sampled_from(KEYS), st.text(max_size=20))
scalars = st.one_of(words, st.sampled_from(NUMBERS), st.integers(), st.floats())
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4), max_leaves=10
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in nested mappings and lists something stands."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [place] * bool(place) + [deeper for key, child in inner for deeper in places(child, (*place, key))]


def at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def scaled(value: Any, factor: float) -> Any:
    """Numbers times a factor, whole ones kept whole; all else as it is."""
    if isinstance(value, list):
        return [scaled(item, factor) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(value * factor) if isinstance(value, int) else value * factor


BORROWED = [at(raw, place) for raw in SHIPPED.values() for place in places(raw)]
"""Values that are right somewhere, if not where they are put."""


@st.composite
def mutated_suites(draw: st.DrawFn) -> dict[str, Any]:
    """A suite that ships, with a few of its values replaced, removed, renamed, or new ones beside them."""
    raw = copy.deepcopy(SHIPPED[draw(st.sampled_from(sorted(SHIPPED)))])
    for _ in range(draw(st.integers(1, 3))):
        found = places(raw)
        if not found:
            break
        *outer, last = draw(st.sampled_from(found))
        holder = raw
        for key in outer:
            holder = holder[key]
        action = draw(st.sampled_from(("replace", "remove", "rename", "add", "scale", "scale", "borrow", "borrow")))
        if action == "replace":
            holder[last] = draw(values)
        elif action == "scale":
            holder[last] = scaled(holder[last], draw(st.sampled_from((-1, 0, 0.5, 2, 3, 10, 1000))))
        elif action == "borrow":
            holder[last] = copy.deepcopy(draw(st.sampled_from(BORROWED)))
        elif action == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            moved = holder.pop(last) if action == "rename" else draw(values)
            holder[draw(words)] = moved
    return raw


def as_text(raw: Any) -> str:
    """YAML in PyYAML's words, or, where it has none, Python's."""
    try:
        return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True)
    except (yaml.YAMLError, ValueError, TypeError):
        return repr(raw)


PIECES = (
    *("name", "dataset", "encoder", "arms", "train", "seeds", "digits", "resnet-compact", "vanilla", "null", "1"),
    *(": ", ":", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "? ", "| ", "> ", "# ", "'", '"', "---\n"),
    *("&a ", "*a", "<<: *a", "<<", "!!python/object:os.system ", "!!binary ", "!x ", "%YAML 1.1\n", "...\n", ".nan"),
    *("\\ud800", "\t", "\r", "\ufeff", "\x85", ".inf"),
)  # fmt: skip
yaml_like = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


def check(content: str | bytes, folder: Path) -> None:
    """Load a suite file, and follow every path that is derived from it."""
    path = folder / "suite.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        suite = load_suite(path)
    except InputError as error:
        message = str(error)
        assert message.isprintable(), ascii(message)
        assert message.startswith(f"{path}: ")
        assert len(message) < 1500
        return
    check_paths(suite, folder)
    assert all(warning.isprintable() for warning in warnings(suite))


def check_paths(suite: Suite, folder: Path) -> None:
    """Every path of a run lies where it should, and no two runs share one."""
    results = folder / "results"
    home, reports = results / suite.name, folder / "reports" / suite.name
    assert reports.resolve().parent == (folder / "reports").resolve()
    assert home.resolve().parent == results.resolve()
    directories = set()
    for run in expand(suite):
        directory, checkpoints = run.directory(results), run.checkpoints(results)
        assert directory.resolve().is_relative_to((home / "runs").resolve())
        assert checkpoints.resolve().is_relative_to((home / "checkpoints").resolve())
        assert run.manifest(results).resolve().parent == (home / "data").resolve()
        assert run.stored_evaluation(checkpoints).parent == checkpoints
        assert set(run.id) <= set(string.ascii_letters + string.digits + "._-/")
        assert len(directory.relative_to(home / "runs").parts) == 4
        directories.add(str(directory).casefold())
    assert len(directories) == len(expand(suite))
    assert plan_run(expand(suite)[0], results).state == "new"
    assert not results.exists()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@few
@given(mutated_suites())
def test_mutated_suites(folder: Path, raw: Any) -> None:
    check(as_text(raw), folder)


@few
@given(yaml_like | st.binary(max_size=60) | values.map(as_text))
@example("name: &a [*a]")
@example("? {}\n: 1")
@example('"\\ud800": 1')
@example('name: "\\ud800"')
def test_anything(folder: Path, content: str | bytes) -> None:
    check(content, folder)


@pytest.mark.soak
@many
@given(mutated_suites())
def test_thousands_of_mutated_suites(folder: Path, raw: Any) -> None:
    check(as_text(raw), folder)


@pytest.mark.soak
@many
@given(yaml_like | st.binary(max_size=60) | values.map(as_text))
def test_thousands_of_anything(folder: Path, content: str | bytes) -> None:
    check(content, folder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["name", "arm", "dataset", "encoder"])
def test_odd_names_everywhere_that_names_become_paths(folder: Path, name: str, place: str) -> None:
    raw = copy.deepcopy(SHIPPED["smoke"])
    if place == "name":
        raw["name"] = name
    elif place == "arm":
        raw["arms"][name] = {"contrast": {"temperature": 0.5}}
    else:
        raw[place] = {**(raw[place] if isinstance(raw[place], dict) else {"name": raw[place]}), "label": name}
    check(as_text(raw), folder)


def test_a_suite_of_a_billion_runs_is_refused_at_once(folder: Path) -> None:
    raw = SHIPPED["smoke"] | {
        "seeds": 10_000,
        "encoders": [SHIPPED["smoke"]["encoder"] | {"label": f"e{i}"} for i in range(1000)],
        "arms": {f"arm{i}": {"contrast": {"temperature": 0.1 + i / 1000}} for i in range(100)},
        "baseline": "arm0",
    }
    del raw["encoder"]
    with pytest.raises(InputError, match=r"1,000,000,000 runs: .* at most 100,000"):
        load_suite_of(raw, folder)


def load_suite_of(raw: Any, folder: Path) -> Suite:
    path = folder / "suite.yaml"
    path.write_text(as_text(raw))
    return load_suite(path)
