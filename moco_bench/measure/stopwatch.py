"""Step times: synchronised at the edges, warm-up left out, raw samples kept."""

import time
from dataclasses import dataclass, field

import numpy as np
import torch

WARMUP_STEPS = 5
"""Steps at the start of each process that are not counted: caches, allocator, kernel selection."""


@dataclass
class StepTimes:
    """Durations of training steps in seconds, over all processes that a run took.

    `warmup` are the first steps of each process, kept apart; `train_seconds` counts them too.
    """

    counted: list[float] = field(default_factory=list)
    warmup: list[float] = field(default_factory=list)

    @property
    def train_seconds(self) -> float:
        """Wall time of all steps: no diagnosis, no evaluation, no checkpoint, no waiting for a device."""
        return sum(self.counted) + sum(self.warmup)

    def summary(self, images_a_step: int) -> dict[str, float | list[float] | None]:
        """Throughput and step time. Without a counted step all are None: too short to say."""
        if not self.counted:
            return {"images_per_second": None, "step_ms_median": None, "step_ms_quartiles": None}
        milliseconds = 1000 * np.asarray(self.counted)
        low, median, high = np.percentile(milliseconds, [25, 50, 75])
        return {
            "images_per_second": images_a_step * len(self.counted) / sum(self.counted),
            "step_ms_median": float(median),
            "step_ms_quartiles": [float(low), float(high)],
        }


class Stopwatch:
    """Measures one step after the other into `StepTimes`."""

    def __init__(self, times: StepTimes, device: torch.device) -> None:
        self.times = times
        self._device = device
        self._left_to_warm_up = WARMUP_STEPS
        self._since = time.perf_counter()
        self._duration = 0.0

    def start(self) -> None:
        """A step begins."""
        self._duration = 0.0
        self.resume()

    def pause(self) -> None:
        """What follows, up to `resume`, belongs to no step."""
        self._synchronise()
        self._duration += time.perf_counter() - self._since

    def resume(self) -> None:
        """The step goes on."""
        self._synchronise()
        self._since = time.perf_counter()

    def stop(self) -> float:
        """The step has ended; its duration in seconds."""
        self.pause()
        if self._left_to_warm_up > 0:
            self._left_to_warm_up -= 1
            self.times.warmup.append(self._duration)
        else:
            self.times.counted.append(self._duration)
        return self._duration

    def _synchronise(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
