"""A trace of one step of every arm for chrome://tracing or ui.perfetto.dev."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from torch.profiler import ProfilerActivity, profile, record_function

from moco_bench.files import write_atomically
from moco_bench.profile.parts import PARTS
from moco_bench.profile.stepper import Stepper

SETTLE_STEPS = 2


def write_trace(path: Path, steppers: Mapping[str, Stepper]) -> None:
    """Write operators, their memory and the step's parts, arm after arm, as JSON (gzipped where `path` ends so)."""
    for stepper in steppers.values():
        stepper.steps(SETTLE_STEPS)
    on_cuda = any(stepper.numerics.device.type == "cuda" for stepper in steppers.values())
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if on_cuda else [])
    with profile(activities=activities, profile_memory=True) as profiler:
        for arm, stepper in steppers.items():
            _step_in_ranges(arm, stepper)
    suffix = ".json.gz" if path.suffix == ".gz" else ".json"

    def write(temporary: Path) -> None:
        exported = temporary.with_name(temporary.name + suffix)  # PyTorch goes by the ending
        profiler.export_chrome_trace(str(exported))
        exported.replace(temporary)

    write_atomically(path, write)


def _step_in_ranges(arm: str, stepper: Stepper) -> None:
    """One step; each part is a range named ARM/PART, the whole step one named ARM."""
    with record_function(arm), ExitStack() as last:

        def mark(part: str) -> None:
            assert part in PARTS
            last.close()
            last.enter_context(record_function(f"{arm}/{part}"))

        stepper.step(mark)
        stepper.synchronise()
