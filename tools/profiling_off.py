"""That profiling costs nothing where it is off: not timed, counted. Training steps before and after a profile.

    python tools/profiling_off.py [config/quickstart.yaml] [--arm vanilla] [--steps 6]

Two processes make the same steps of the training loop. One has never imported `moco_bench.profile`; the other has
profiled the arm first, with the clock, both memory meters and the counter of operations. Counted are the calls of
Python and C functions and the operators that PyTorch dispatches, in their order: the two sequences are equal or they
aren't.
"""

import argparse
import gc
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

QUICKSTART = Path(__file__).parents[1] / "config" / "quickstart.yaml"
SETTLE_STEPS = 3
"""Steps before counting: imports on first use and caches of PyTorch's dispatcher are over then."""
PROFILE_PACKAGE = "moco_bench.profile"


def main(words: list[str] | None = None) -> int:
    """Print the counts of both processes, and whether their sequences are equal: exit code 1 if not."""
    parser = argparse.ArgumentParser(description="Training steps before and after a profile, counted.")
    parser.add_argument("suite", type=Path, nargs="?", default=QUICKSTART)
    parser.add_argument("--arm", help="default: the suite's baseline")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--one", choices=("never", "after"), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.one:
        print(json.dumps(one_process(options.suite, options.arm, options.steps, options.one)))
        return 0
    never, after = (_counted(options, kind) for kind in ("never", "after"))
    print(
        f"{options.steps} steps of the training loop, in a process without {PROFILE_PACKAGE} and in one that profiled"
    )
    for name in ("python_calls", "c_calls", "operators"):
        print(f"{name.replace('_', ' '):14s} {never[name]:10,d} {after[name]:10,d}")
    equal = never == after
    print("the two sequences are " + ("the same, call by call and operator by operator" if equal else "NOT the same"))
    return 0 if equal else 1


def one_process(suite_path: Path, arm: str | None, steps: int, kind: str) -> dict[str, Any]:
    """Make the steps and count them; `kind` says whether the process profiles first."""
    step = loop_step(suite_path, arm, profile_first=kind == "after")
    if kind == "never" and PROFILE_PACKAGE in sys.modules:
        raise RuntimeError(f"training imported {PROFILE_PACKAGE}")
    for _ in range(SETTLE_STEPS):
        step()
    return {**counted_calls(step, steps), **counted_operators(step, steps)}


def loop_step(suite_path: Path, arm: str | None, *, profile_first: bool) -> Callable[[], None]:
    """A function that makes one step as `Trainer` makes it, in a process that has or hasn't profiled the arm."""
    import torch

    from moco_bench.data.datasets import load_dataset
    from moco_bench.suite.load import load_suite
    from moco_bench.suite.runs import expand
    from moco_bench.train.compilation import networks_of
    from moco_bench.train.loop import Surroundings, Trainer
    from moco_bench.train.precision import resolve_numerics
    from moco_bench.train.state import initial_state

    suite = load_suite(suite_path)
    run = next(run for run in expand(suite) if run.arm == (arm or suite.baseline))
    dataset = load_dataset(run.dataset)
    if profile_first:
        _profile(run, dataset)
    numerics = resolve_numerics(run.train, "cpu")
    channels, height, width = dataset.train.images.shape[1:]
    state = initial_state(run, numerics, channels=channels, image_size=min(height, width))
    networks, _ = networks_of(state, run.train, numerics, dataset.train.images[: run.train.batch_size].shape)
    surroundings = Surroundings(lambda: False, lambda row: None, Path(), {})
    trainer = Trainer(run, state, networks, dataset, numerics, surroundings)
    sample_index = torch.arange(run.train.batch_size)

    def step() -> None:
        trainer._step(sample_index)
        state.progress.step += 1

    return step


def _profile(run: Any, dataset: Any) -> None:
    """Everything that a profile does to a step."""
    from moco_bench.profile.accounting import HeapWatch
    from moco_bench.profile.memory import watch_step
    from moco_bench.profile.stepper import Stepper
    from moco_bench.profile.timing import time_steps
    from moco_bench.profile.work import count_flops

    stepper = Stepper(run, dataset, "cpu")
    time_steps({run.arm: stepper}, repeats=1, steps=1, warmup_steps=1)
    watch_step(stepper, HeapWatch())
    count_flops(stepper)


def counted_calls(step: Callable[[], object], steps: int) -> dict[str, Any]:
    """Calls of Python's and of C's functions in `steps` steps, and a digest of their sequence."""
    called: list[str] = []

    def note(frame: FrameType, event: str, given: Any) -> None:
        if event == "call":
            called.append(f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}")
        elif event == "c_call":
            called.append(f"C:{getattr(given, '__qualname__', given)}")

    with _undisturbed():
        sys.setprofile(note)
        try:
            for _ in range(steps):
                step()
        finally:
            sys.setprofile(None)
    from_c = sum(name.startswith("C:") for name in called)
    return {"python_calls": len(called) - from_c, "c_calls": from_c, "call_digest": _digest(called)}


def counted_operators(step: Callable[[], object], steps: int) -> dict[str, Any]:
    """Operators that PyTorch dispatches in `steps` steps, backward included, and a digest of their sequence."""
    from torch.utils._python_dispatch import TorchDispatchMode

    dispatched: list[str] = []

    class Noting(TorchDispatchMode):
        def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            dispatched.append(str(operator))
            return operator(*args, **(kwargs or {}))

    with _undisturbed(), Noting():
        for _ in range(steps):
            step()
    return {"operators": len(dispatched), "operator_digest": _digest(dispatched)}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without Python's collector, which calls finalisers whenever it happens to run."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _counted(options: argparse.Namespace, kind: str) -> dict[str, Any]:
    done = subprocess.run(_command(options, kind, options.steps), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _command(options: argparse.Namespace, kind: str, steps: int) -> list[str]:
    command = [sys.executable, __file__, str(options.suite), "--one", kind, "--steps", str(steps)]
    return command + (["--arm", options.arm] if options.arm else [])


if __name__ == "__main__":
    sys.exit(main())
