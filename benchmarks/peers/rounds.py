"""Times contenders in turn, round after round, so that changes of the machine hit all of them."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from benchmarks.peers.settings import Timing

Clock = Callable[[], float]


class Contender(Protocol):
    """Something whose steps are timed."""

    @property
    def name(self) -> str:
        """The name under which its figures are given."""

    def turn(self) -> AbstractContextManager[Callable[[], object]]:
        """Set up, and yield the function that makes one step; on exit nothing of it keeps running.

        The function returns once the step is done, also on a device that computes on its own.
        """


def rounds_of(
    contenders: Sequence[Contender], timing: Timing, clock: Clock = time.perf_counter
) -> list[dict[str, float]]:
    """Seconds per step by contender, for each round.

    Each round begins with another contender, so that none always follows the same one. Rounds end early where the
    next one would likely go past `timing.seconds`; the first is always made whole.
    """
    began = clock()
    rounds: list[dict[str, float]] = []
    for number in range(timing.rounds):
        round_began = clock()
        first = number % len(contenders)
        times = {
            contender.name: _seconds_a_step(contender, timing, clock)
            for contender in (*contenders[first:], *contenders[:first])
        }
        rounds.append({contender.name: times[contender.name] for contender in contenders})
        now = clock()
        if now - began + (now - round_began) > timing.seconds:
            break
    return rounds


def _seconds_a_step(contender: Contender, timing: Timing, clock: Clock) -> float:
    with contender.turn() as step:
        for _ in range(timing.warmup_steps):
            step()
        began = clock()
        for _ in range(timing.steps):
            step()
        return (clock() - began) / timing.steps
