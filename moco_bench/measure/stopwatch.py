"""Step times as raw samples: without warm-up, synchronisation, or time in which the process was stopped.

On a CPU the clock is the system's. On a GPU each step is bracketed by events, which the device itself stamps when it
comes to them; they are read later, when the CPU waits for the device anyway.
"""

import time
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import torch

WARMUP_STEPS = 5
"""Steps at the start of each process that are not counted: caches, allocator, kernel selection."""

PAUSED_SECONDS = 1.0
"""Shorter idle times don't count as pauses: a busy machine takes a process's cores away for tenths of a second."""

PAUSED_MEDIANS = 10.0
"""A paused step is idle for longer than this many usual steps take."""


@dataclass
class StepTimes:
    """Durations of training steps in seconds, over all processes that a run took.

    `warmup` are the first steps of each process, kept apart; `train_seconds` counts them too. `paused` is the time in
    which the process stood still in the middle of a step (stopped by a signal, a suspended machine): the step itself
    is counted with the warm-up, as long as a usual one, since its own time is unknown.
    """

    counted: list[float] = field(default_factory=list)
    warmup: list[float] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    @property
    def train_seconds(self) -> float:
        """Wall time of all steps, without diagnoses, evaluations, checkpoints, waiting for a device, and pauses."""
        return sum(self.counted) + sum(self.warmup)

    def summary(self, images_a_step: int) -> dict[str, float | list[float] | None]:
        """Throughput and step time; None without a counted step."""
        if not self.counted:
            return {"images_per_second": None, "step_ms_median": None, "step_ms_quartiles": None}
        milliseconds = 1000 * np.asarray(self.counted)
        low, middle, high = np.percentile(milliseconds, [25, 50, 75])
        return {
            "images_per_second": images_a_step * len(self.counted) / sum(self.counted),
            "step_ms_median": float(middle),
            "step_ms_quartiles": [float(low), float(high)],
        }


Moment = float | torch.cuda.Event
"""A point in time on a device: of the system's clock, or an event that the device stamps."""


def now_on(device: torch.device) -> Moment:
    """This moment in the device's queue, without waiting for it."""
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event


def seconds_between(begin: Moment, end: Moment) -> float:
    """Seconds between two moments on one device; waits until it has reached both."""
    if isinstance(begin, float) and isinstance(end, float):
        return end - begin
    assert not isinstance(begin, float)
    assert not isinstance(end, float)
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1000


@dataclass
class _Step:
    """The time spans of one step, and the processor seconds that the process used in it."""

    stretches: list[tuple[Moment, Moment]] = field(default_factory=list)
    busy: float = 0.0


class Stopwatch:
    """Measures steps one by one into `StepTimes`; only `read` may wait for the device."""

    def __init__(self, times: StepTimes, device: torch.device) -> None:
        self.times = times
        self._device = device
        self._left_to_warm_up = WARMUP_STEPS
        self._usual: list[float] = []
        self._done: list[_Step] = []
        self._step = _Step()
        self._since, self._busy_since = now_on(device), time.process_time()

    def start(self) -> None:
        """Begin a step."""
        self._step = _Step()
        self.resume()

    def pause(self) -> None:
        """Pause the step until `resume`."""
        self._step.stretches.append((self._since, now_on(self._device)))
        self._step.busy += time.process_time() - self._busy_since

    def resume(self) -> None:
        """Continue the step."""
        self._since, self._busy_since = now_on(self._device), time.process_time()

    def stop(self) -> None:
        """End the step."""
        self.pause()
        self._done.append(self._step)

    def read(self) -> list[float]:
        """Add the steps since the last call to `times`, and return their durations in seconds."""
        durations = [self._sorted_in(step) for step in self._done]
        self._done = []
        return durations

    def _sorted_in(self, step: _Step) -> float:
        seconds = sum(seconds_between(begin, end) for begin, end in step.stretches)
        idle = seconds - step.busy
        usual = median(self._usual) if self._usual else None
        if usual is not None and idle > max(PAUSED_SECONDS, PAUSED_MEDIANS * usual):
            self.times.paused.append(seconds - usual)
            self.times.warmup.append(usual)
            return usual
        self._usual = [*self._usual[-20:], seconds]
        if self._left_to_warm_up > 0:
            self._left_to_warm_up -= 1
            self.times.warmup.append(seconds)
        else:
            self.times.counted.append(seconds)
        return seconds
