"""Figures side by side: the same bytes as one after the other, each made once, whatever becomes of a process."""

import os
import signal
import threading
import time

import pytest

from moco_bench.report import drawing
from moco_bench.report.figures.accuracy import accuracy_figure, pairs_figure
from moco_bench.report.figures.curves import learning_figure
from moco_bench.report.figures.profiled_memory import memory_figure
from moco_bench.report.results import load_results

HERE = os.getpid()


def draw_all(builders, results):
    with drawing.begin_drawing(builders, results) as drawn:
        return {build: drawn(build) for build in builders}


@pytest.fixture(scope="module")
def results(tmp_path_factory, synthetic):
    return load_results(synthetic.write_results(tmp_path_factory.mktemp("drawing"), synthetic.suite_values(2)))


@pytest.fixture
def processes(monkeypatch):
    """Sets how many processes draw."""
    return lambda count: monkeypatch.setattr(drawing, "_spare_processes", lambda: count)


class Told:
    """A builder that notes in a file which process made its figure, and dies where it is told to."""

    def __init__(self, notes, *, dies=False):
        self.notes, self.dies = notes, dies

    def __call__(self, results):
        with open(self.notes, "a", encoding="utf-8") as handle:
            handle.write(f"{os.getpid()}\n")
        if self.dies and os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return pairs_figure(results)

    def pids(self):
        return [int(line) for line in self.notes.read_text().split()]


def test_one_process_or_several_give_the_same_bytes(results, processes):
    builders = (accuracy_figure, learning_figure, memory_figure)
    found = []
    for count in (1, 2):
        processes(count)
        found.append(draw_all(builders, results))
    alone, together = found
    assert list(alone) == list(together) == list(builders)
    assert alone[memory_figure] is together[memory_figure] is None, "nothing was profiled"
    for build in (accuracy_figure, learning_figure):
        assert alone[build].svg == together[build].svg
        assert alone[build].png == together[build].png
        assert alone[build].data.equals(together[build].data)


@pytest.mark.parametrize("count", [1, 3])
def test_every_figure_is_made_once(results, processes, tmp_path, count):
    processes(count)
    builders = [Told(tmp_path / str(place)) for place in range(5)]
    assert all(draw_all(builders, results).values())
    made_by = [builder.pids() for builder in builders]
    assert [len(pids) for pids in made_by] == [1] * 5
    assert all((pids == [HERE]) == (count == 1) for pids in made_by)


def test_a_killed_process_costs_no_figure(results, processes, tmp_path):
    processes(2)
    builders = [Told(tmp_path / str(place), dies=place == 1) for place in range(3)]
    drawn = draw_all(builders, results)
    assert len({drawn[builder].svg for builder in builders}) == 1
    assert builders[1].pids()[-1] == HERE


@pytest.mark.parametrize(("running", "cores", "expected"), [(0, 2, 2), (1, 2, 1), (7, 2, 1), (1, 16, 4), (0, 1, 1)])
def test_only_free_cores_are_used(monkeypatch, running, cores, expected):
    monkeypatch.setattr(drawing, "_running_elsewhere", lambda: running)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # earlier tests may have left a thread that sleeps
    assert drawing._spare_processes() == expected


def test_what_runs_elsewhere_is_counted():
    assert drawing._running_elsewhere() >= 0


def test_nothing_is_forked_beside_other_threads():
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert drawing._spare_processes() == 1
    finally:
        done.set()
        other.join()


def test_words_are_made_while_figures_are_drawn(results, processes, tmp_path):
    processes(2)
    sign = tmp_path / "said"

    def waits(results):
        end = time.monotonic() + 60
        while not sign.exists():
            assert time.monotonic() < end, "nothing was said while this figure was waited for"
            time.sleep(0.01)
        return pairs_figure(results)

    with drawing.begin_drawing([waits, pairs_figure], results) as drawn:
        sign.touch()
        assert drawn(waits).svg == drawn(pairs_figure).svg


def test_an_error_draws_nothing_more(results, processes, tmp_path):
    processes(2)
    builders = [Told(tmp_path / str(place)) for place in range(40)]
    with pytest.raises(ZeroDivisionError), drawing.begin_drawing(builders, results):
        raise ZeroDivisionError
    assert not (tmp_path / "39").exists()


def test_a_builders_own_error_is_raised(results, processes):
    def fails(results):
        raise KeyError("no such column")

    processes(2)
    with drawing.begin_drawing([fails, pairs_figure], results) as drawn, pytest.raises(KeyError, match="no such"):
        drawn(fails)
