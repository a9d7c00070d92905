import time

import pytest
import torch

from moco_bench.measure.stopwatch import WARMUP_STEPS, StepTimes, Stopwatch

CPU = torch.device("cpu")


def test_a_known_duration_is_measured_and_pauses_are_not():
    times = StepTimes()
    watch = Stopwatch(times, CPU)
    for _ in range(WARMUP_STEPS + 5):
        watch.start()
        time.sleep(0.01)
        watch.pause()
        time.sleep(0.03)
        watch.resume()
        time.sleep(0.01)
        watch.stop()

    assert len(times.warmup) == WARMUP_STEPS
    assert len(times.counted) == 5
    assert sorted(times.counted)[2] == pytest.approx(0.02, rel=0.4)


def test_the_summary_is_arithmetic():
    times = StepTimes(counted=[0.1, 0.2, 0.3, 0.4, 0.5], warmup=[9.0])

    summary = times.summary(images_a_step=30)

    assert summary["images_per_second"] == pytest.approx(100)
    assert summary["step_ms_median"] == pytest.approx(300)
    assert summary["step_ms_quartiles"] == pytest.approx([200, 400])
    assert times.train_seconds == pytest.approx(10.5)


def test_too_short_to_say_is_said():
    assert set(StepTimes(warmup=[1.0]).summary(8).values()) == {None}
