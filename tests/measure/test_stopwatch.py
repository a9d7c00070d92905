import os
import signal
import subprocess
import sys
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
        assert len(watch.read()) == 1

    assert times.paused == []
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


def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_a_process_that_was_stopped_was_not_training():
    times = StepTimes()
    watch = Stopwatch(times, CPU)
    wake = "import os, signal, sys, time; time.sleep(2); os.kill(int(sys.argv[1]), signal.SIGCONT)"
    for step in range(WARMUP_STEPS + 5):
        watch.start()
        spin(0.01)
        if step == WARMUP_STEPS + 2:
            waker = subprocess.Popen([sys.executable, "-c", wake, str(os.getpid())])
            os.kill(os.getpid(), signal.SIGSTOP)
            waker.wait()
        watch.stop()
    durations = watch.read()

    assert len(durations) == WARMUP_STEPS + 5
    assert sum(times.paused) >= 1.9
    assert len(times.counted) + len(times.warmup) == WARMUP_STEPS + 5
    assert times.train_seconds == pytest.approx(sum(durations))
    assert max(durations) < 1.0


@pytest.mark.parametrize(("wall", "busy", "paused"), [(3.0, 2.9, []), (3.0, 0.1, [2.9]), (0.9, 0.1, [])])
def test_a_step_that_works_for_long_was_not_stopped(monkeypatch, wall, busy, paused):
    clock = {"wall": 0.0, "busy": 0.0}
    monkeypatch.setattr(time, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(time, "process_time", lambda: clock["busy"])
    times = StepTimes()
    watch = Stopwatch(times, CPU)
    for of_wall, of_process in [(0.1, 0.1)] * 3 + [(wall, busy)]:
        watch.start()
        clock = {"wall": clock["wall"] + of_wall, "busy": clock["busy"] + of_process}
        watch.stop()
    watch.read()
    assert times.paused == pytest.approx(paused)


def test_on_a_gpu_nothing_is_waited_for_until_the_times_are_read(monkeypatch):
    log = []

    class Event:
        def __init__(self, enable_timing):
            self.at = len(log)

        def record(self, stream):
            log.append("record")

        def synchronize(self):
            log.append("wait")

        def elapsed_time(self, later):
            return 1000.0 * (later.at - self.at)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    watch = Stopwatch(StepTimes(), torch.device("cuda"))
    for _ in range(3):
        watch.start()
        watch.pause()
        watch.resume()
        watch.stop()
    assert "wait" not in log
    assert watch.read() == [2.0, 2.0, 2.0]
    assert "wait" in log
