"""Surroundings that fail: each ends a command in one line, and the same command completes when the cause is gone."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chains import Chain, assert_same_results, complete, one_line, write_suite
from processes import Setting, start

NOBODY = 65534
SPACE = [0, 24, 64, 128, 256]
"""KiB of disk left to a run that needs some 300: it gets further with each."""


class Disk:
    """A file system in memory, of a size and with rights that a test chooses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, kib: int) -> None:
        self._mount("-o", f"remount,size={kib}k")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        self._mount("-o", "remount,ro")
        yield
        self._mount("-o", "remount,rw")

    def leave(self, kib: int) -> None:
        """Fill the disk but for so much."""
        free = os.statvfs(self.folder)
        ballast = free.f_bavail * free.f_frsize - kib * 1024
        (self.folder / "ballast").write_bytes(bytes(max(0, ballast)))

    def clear(self) -> None:
        (self.folder / "ballast").unlink()

    def _mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here, which takes root: {mounted.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kib", SPACE)
def test_a_full_disk(suite: Path, undisturbed: dict[str, Chain], disk: Disk, tmp_path: Path, kib: int) -> None:
    chain = Chain(suite, "both", tmp_path, results_in=disk.folder)
    disk.leave(kib)

    said = one_line(chain.execute("pretrain"), code=1)

    assert said.startswith("moco-bench: No space left on device: ")
    assert str(chain.results) in said
    assert ".tmp" not in said
    disk.clear()
    complete(chain, undisturbed["both"])


@pytest.mark.parametrize("command", ["evaluate", "collect"])
def test_a_disk_that_is_full_later(
    suite: Path, undisturbed: dict[str, Chain], disk: Disk, tmp_path: Path, command: str
) -> None:
    chain = Chain(suite, "both", tmp_path, results_in=disk.folder)
    for earlier in list(chain.commands)[: list(chain.commands).index(command)]:
        assert chain.execute(earlier).code == 0
    disk.leave(0)

    assert "No space left on device" in one_line(chain.execute(command), code=1)

    disk.clear()
    complete(chain, undisturbed["both"])


@pytest.mark.parametrize("command", ["pretrain", "evaluate", "collect"])
def test_results_that_are_read_only(
    suite: Path, undisturbed: dict[str, Chain], disk: Disk, tmp_path: Path, command: str
) -> None:
    chain = Chain(suite, "both", tmp_path, results_in=disk.folder)
    chain.results.mkdir()
    for earlier in list(chain.commands)[: list(chain.commands).index(command)]:
        assert chain.execute(earlier).code == 0

    with disk.read_only():
        said = one_line(chain.execute(command), code=1)

    assert said.startswith(f"moco-bench: Read-only file system: {chain.results}")
    complete(chain, undisturbed["both"])


@pytest.mark.parametrize("command", ["pretrain", "evaluate", "collect"])
def test_no_permission(undisturbed: dict[str, Chain], public_folder: Path, command: str) -> None:
    chain = Chain(write_suite(public_folder / "tiny.yaml"), "both", public_folder)
    chain.results.mkdir()
    for earlier in list(chain.commands)[: list(chain.commands).index(command)]:
        assert chain.execute(earlier).code == 0

    folders = (*chain.results.rglob("*"), chain.results)
    for path in folders:
        path.chmod(0o555)
    # Root may do anything, so the process becomes somebody else.
    said = one_line(chain.execute(command, Setting(user=NOBODY if os.geteuid() == 0 else None)), code=1)
    for path in folders:
        path.chmod(0o755)

    assert said.startswith(f"moco-bench: Permission denied: {chain.results}")
    complete(chain, undisturbed["both"])


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder into which other users may look, unlike pytest's own."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_stale_lock_file(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)
    chain.checkpoints.mkdir(parents=True)
    (chain.checkpoints / "lock").write_text("held by process 4242 until a power cut\n")

    complete(chain, undisturbed["both"])


def test_a_clock_that_jumps(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)

    for command in chain.commands:
        outcome = chain.execute(command, Setting(clock_jumps=True))
        assert outcome.code == 0, outcome.printed

    assert_same_results(chain, undisturbed["both"])
    assert 0 < chain.resources()["train_seconds"] < 60
    assert all(0 < float(row["seconds"]) < 60 for row in chain.history())


def test_too_little_memory(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)
    chain.interrupt(step=7)

    said = one_line(chain.execute("pretrain", Setting(spare_mib=0)), code=1)

    assert said.startswith("moco-bench: out of memory (")
    complete(chain, undisturbed["both"])


def test_a_report_of_results_that_are_read_only(suite: Path, disk: Disk, tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path, results_in=disk.folder)
    for command in chain.commands:
        assert chain.execute(command).code == 0
    directory = str(chain.results / "tiny")

    with disk.read_only():
        analysed = start(["analyse", directory], tmp_path / "analyse.log").wait()
        reported = start(["report", directory, "--out", str(tmp_path / "report")], tmp_path / "report.log").wait()

    assert "Read-only file system" in one_line(analysed, code=1)
    assert reported.code == 0, reported.printed
    assert (tmp_path / "report" / "report.html").exists()
