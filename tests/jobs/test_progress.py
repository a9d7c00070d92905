"""What a long job says of itself must not be what it hangs on."""

import sys
import threading

import pytest

from moco_bench.files import read_mapping
from moco_bench.jobs.progress import tell_of_wait, told_epochs, told_parts
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand

SUITE = {
    "name": "s", "dataset": "digits", "encoder": "resnet-compact", "contrast": {"queue_size": 64},
    "train": {"batch_size": 64, "epochs": 3}, "arms": {"vanilla": None},
}  # fmt: skip


class GoneTerminal:
    """A stream whose other end is closed."""

    encoding = "utf-8"

    def __init__(self, terminal: bool) -> None:
        self.isatty = lambda: terminal
        self.gone = False

    def write(self, text: str) -> int:
        if self.gone:
            raise BrokenPipeError
        return len(text)

    flush = fileno = lambda self: self.write("")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_job_goes_on_when_nobody_reads_how_far_it_is(terminal, tmp_path, monkeypatch):
    run = expand(parse_suite(SUITE, "test"))[0]
    stream = GoneTerminal(terminal)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, stream)
    run.checkpoints(tmp_path).mkdir(parents=True)

    with told_epochs(run, tmp_path) as on_epoch, told_parts("evaluation") as tell:
        stream.gone = True
        for epoch in (1, 2, 3):
            on_epoch({"epoch": epoch, "train_loss": 1.0, "images_per_second": 9.0, "seconds": 0.1})
            tell("kNN")
    tell_of_wait(run, "another process")

    assert read_mapping(run.checkpoints(tmp_path) / "progress.json")["epoch"] == 3


def test_a_bar_starts_no_thread(monkeypatch):
    """Python waits for ever for a thread that had no memory to begin."""
    started = []
    monkeypatch.setattr(threading.Thread, "start", started.append)

    with told_parts("a run") as tell:
        tell("kNN")

    assert started == []
