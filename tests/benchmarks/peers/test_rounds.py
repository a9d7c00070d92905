from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from benchmarks.peers.rounds import rounds_of
from benchmarks.peers.settings import Timing

TIMING = Timing(rounds=3, steps=2, warmup_steps=1, seconds=1e9, threads=1, workers=0)


class PretendedClock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@dataclass
class Pretender:
    """Takes `seconds` a step and ten times that to warm up, and writes down what happens."""

    name: str
    seconds: float
    clock: PretendedClock
    diary: list[str]

    @contextmanager
    def turn(self):
        warm = False
        self.clock.now += 100  # of making ready

        def step():
            nonlocal warm
            self.diary.append(self.name)
            self.clock.now += self.seconds if warm else 10 * self.seconds
            warm = True

        yield step
        self.diary.append(f"end of {self.name}")


@pytest.fixture
def clock():
    return PretendedClock()


@pytest.fixture
def pair(clock):
    diary = []
    return [Pretender("fast", 1.0, clock, diary), Pretender("slow", 4.0, clock, diary)]


def test_neither_warm_up_nor_making_ready_is_timed(pair, clock):
    assert rounds_of(pair, TIMING, clock) == [{"fast": 1.0, "slow": 4.0}] * 3


def test_contenders_take_turns_and_each_round_begins_with_another(pair, clock):
    rounds = rounds_of(pair, replace(TIMING, rounds=2), clock)

    fast, slow = ["fast"] * 3 + ["end of fast"], ["slow"] * 3 + ["end of slow"]
    assert pair[0].diary == fast + slow + slow + fast
    assert [list(times) for times in rounds] == [["fast", "slow"]] * 2


def test_no_round_is_begun_that_would_end_too_late(pair, clock):
    # A round takes 200 + 12 + 48 seconds: two fit into 600, a third one doesn't.
    assert len(rounds_of(pair, replace(TIMING, seconds=600.0), clock)) == 2


def test_the_first_round_is_made_whole_however_long_it_takes(pair, clock):
    assert len(rounds_of(pair, replace(TIMING, seconds=0.0), clock)) == 1
