"""Images per second of processor time: that time asleep doesn't count."""

import time
from contextlib import contextmanager

from benchmarks.studies.processor_time import STEPS, WARMUP_STEPS, _seconds


class Loop:
    steps = 0

    @contextmanager
    def turn(self):
        yield self.step

    def step(self):
        self.steps += 1
        time.sleep(0.01)


def test_only_processor_time_of_the_fastest_step_counts():
    loop = Loop()
    assert _seconds(loop) < 0.01
    assert loop.steps == WARMUP_STEPS + STEPS
