"""Whatever lies in a results folder: each command that reads it ends well, or with one line that says what is wrong."""

import contextlib
import io
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moco_bench.cli.main import main

pytestmark = pytest.mark.slow
IN_CI, IN_SOAK = 12, int(os.environ.get("MOCO_BENCH_INPUTS", "5000")) // 10
RUN = "runs/fashion-mnist-5k/resnet-compact/both/seed0"
FILES = (
    *(f"{RUN}/{name}" for name in ("run.json", "metrics.json", "resources.json", "history.csv")),
    *("runs.csv", "suite.yaml", "floors/fashion-mnist-5k.json", "data/fashion-mnist-5k.json"),
)
NUMBERS = (0, -1, 10**30, 10**400, 1e308, -1e308, 1e-320, float("nan"), float("inf"), True, None)
ODD = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(("", "nan", "inf", "-1", "1e999", "../..", "a,b", '"', "\n", "<b>", "\ud800", "\0", "x" * 999)),
    st.just([]), st.just({}), st.just([[]]), st.just({"": None}), st.just([1, "a", None]),
)  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [place] + [deeper for key, child in inner for deeper in places(child, (*place, key))]


def json_with(text: str, draw: Callable[..., Any]) -> str:
    """The JSON document with one of its values replaced or left out."""
    content = json.loads(text)
    *outer, last = draw(st.sampled_from([place for place in places(content) if place] or [("",)]))
    holder = content
    for key in outer:
        holder = holder[key]
    if draw(st.booleans()):
        holder[last] = draw(ODD)
    else:
        del holder[last]
    return json.dumps(content) if draw(st.integers(0, 9)) else json.dumps(draw(ODD))


def table_with(text: str, draw: Callable[..., Any]) -> str:
    """The CSV table with a column or a row left out, or a field replaced."""
    rows = [line.split(",") for line in text.splitlines()]
    action = draw(st.sampled_from(("column", "row", "field", "double", "header")))
    row, column = draw(st.integers(1, len(rows) - 1)), draw(st.integers(0, len(rows[0]) - 1))
    if action == "column":
        rows = [fields[:column] + fields[column + 1 :] for fields in rows]
    elif action == "row":
        del rows[row]
    elif action == "double":
        rows.append(rows[row])
    else:
        rows[row if action == "field" else 0][column] = str(draw(ODD))
    return "\n".join(",".join(fields) for fields in rows)


def damaged(name: str, text: str, draw: Callable[..., Any]) -> bytes:
    """What becomes of a file with this name and text."""
    kind = draw(st.sampled_from(("value", "value", "value", "cut", "bytes", "empty", "deep")))
    if kind == "cut":
        return text.encode()[: draw(st.integers(0, len(text.encode())))]
    if kind == "bytes":
        content = bytearray(text.encode())
        for _ in range(draw(st.integers(1, 4))):
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
        return bytes(content)
    if kind == "empty":
        return b""
    if kind == "deep":
        return b"[" * 100_000
    if name.endswith(".json"):
        changed = json_with(text, draw)
    elif name.endswith(".csv"):
        changed = table_with(text, draw)
    else:
        changed = text.replace(draw(st.sampled_from(text.split())), str(draw(ODD)), 1)
    return changed.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, synthetic: Any) -> Path:
    """`results/synthetic`, whole."""
    directory: Path = synthetic.write_results(tmp_path_factory.mktemp("results"), synthetic.suite_values(2, 2))
    (directory / "data").mkdir()
    record = json.loads((directory / RUN / "run.json").read_text())
    (directory / "data" / "fashion-mnist-5k.json").write_text(json.dumps(record["data"]))
    return directory


def commands(directory: Path) -> dict[str, list[str]]:
    suite, results = str(directory / "suite.yaml"), ["--results", str(directory.parent)]
    return {
        "plan": ["plan", suite, *results],
        "status": ["status", suite, *results],
        "collect": ["collect", suite, *results],
        "analyse": ["analyse", str(directory)],
        "compare": ["compare", str(directory), str(directory)],
        "report": ["report", str(directory), "--out", str(directory.parent / "report")],
        "evaluate": ["evaluate", suite, "--run", RUN.removeprefix("runs/"), *results],
    }


def assert_ends_well_or_in_one_line(arguments: list[str]) -> None:
    printed, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        code = main(arguments)
    assert code in (0, 1, 2), (arguments, complained.getvalue())
    if code:
        lines = [line for line in complained.getvalue().splitlines() if "warning: " not in line]
        assert len(lines) == 1
        assert lines[0].startswith("moco-bench: ")
        assert lines[0].isprintable()


def check(directory: Path, name: str, content: bytes, only: tuple[str, ...]) -> None:
    """Replace one file, run commands, and put everything back."""
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    (directory / name).write_bytes(content)
    try:
        for command in only:
            assert_ends_well_or_in_one_line(commands(directory)[command])
    finally:
        for path, whole in before.items():
            path.write_bytes(whole)


def check_any(directory: Path, data: st.DataObject, only: tuple[str, ...]) -> None:
    name = data.draw(st.sampled_from(FILES))
    text = (directory / name).read_text(encoding="utf-8")
    check(directory, name, damaged(name, text, data.draw), only)


QUICK = ("plan", "status", "collect", "analyse", "compare")


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@examples(IN_CI)
@given(st.data())
def test_damaged_results(results: Path, data: st.DataObject) -> None:
    check_any(results, data, QUICK)


@pytest.mark.slow
@examples(IN_CI // 6)
@given(st.data())
def test_reports_of_damaged_results(results: Path, data: st.DataObject) -> None:
    check_any(results, data, ("report",))


@pytest.mark.soak
@examples(IN_SOAK)
@given(st.data())
def test_hundreds_of_damaged_results(results: Path, data: st.DataObject) -> None:
    check_any(results, data, QUICK)


@pytest.mark.soak
@examples(IN_SOAK // 5)
@given(st.data())
def test_dozens_of_reports_of_damaged_results(results: Path, data: st.DataObject) -> None:
    check_any(results, data, ("report",))


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"fingerprint": NaN}', "1" * 5000, '{"data": []}'])
def test_an_evaluation_of_a_run_without_a_record(results: Path, content: str) -> None:
    check(results, f"{RUN}/run.json", content.encode(), ("evaluate",))


# A pipe, a device, a folder or a link where a file should be

MORE = (f"{RUN}/encoder.safetensors", "profile/profile.json", "profile/memory.csv", "costs.json", "tune.csv",
        "machine_effects.csv", "pooled.csv", "effects.csv", "claims.csv", ".made/collect.json")  # fmt: skip
SECONDS = 60


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def elsewhere(path: Path) -> None:
    path.symlink_to("/etc/passwd")


KINDS = {each.__name__: each for each in (pipe, endless, folder, loop, elsewhere)}


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """A command that waits for a pipe for ever, or reads a device, fails the test instead of stopping it."""

    def stop(number: int, frame: object) -> None:
        raise AssertionError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def place(results: Path, tmp_path: Path) -> Path:
    target = tmp_path / "results" / "synthetic"
    shutil.copytree(results, target, dirs_exist_ok=True)
    return target


def put(directory: Path, name: str, kind: str) -> None:
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    KINDS[kind](path)


PAIRS = [
    # One kind of each file, and each kind of some; the others are for `make soak`.
    pytest.param(name, kind, marks=[] if (column - row) % len(KINDS) == 0 else pytest.mark.soak)
    for row, name in enumerate((*FILES, *MORE))
    for column, kind in enumerate(KINDS)
]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_what_is_no_file(place: Path, name: str, kind: str) -> None:
    put(place, name, kind)
    for command in QUICK:
        with at_most(SECONDS):
            assert_ends_well_or_in_one_line(commands(place)[command])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_reports_of_what_is_no_file(place: Path, kind: str) -> None:
    """All files at once that a report can do without."""
    for name in (*FILES, *MORE):
        if name not in ("runs.csv", "suite.yaml"):
            put(place, name, kind)
    with at_most(2 * SECONDS):
        assert_ends_well_or_in_one_line(commands(place)["report"])
