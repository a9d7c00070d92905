"""Counts kernel launches of operators, and the places where the CPU would wait for the device; on CUDA its calls, too.

Counted where PyTorch dispatches them, on any device: one operator stands for one launch, whether the CPU or a GPU works
it off (a few take two or three kernels). What only looks at memory in another way launches nothing. A list or an array
made of a tensor of the CPU isn't seen; a test that runs on the device `meta` finds those, since nothing can be read
there.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

_READ = frozenset(("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "bincount", "histc"))
_COUNTED = frozenset(("unique_dim", "_unique2", "unique_consecutive"))
WAITS = _READ | _COUNTED
"""Operators whose result or result's shape the CPU has to know before it can continue."""

_MADE = frozenset(("empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided"))
_TOLD = frozenset(("promote_types", "profiler::_record_function_enter_new", "profiler::_record_function_exit"))
FREE = _MADE | _TOLD | frozenset(("_unsafe_view", "lift_fresh", "set_"))
"""Operators that launch no kernel, although they aren't views."""


CALLS = {
    "kernels": r"cu(da)?Launch(Cooperative)?Kernel\w*",
    "graphs": r"cu(da)?GraphLaunch\w*",
    "copies": r"cu(da)?Memcpy\w*",
    "fillings": r"cu(da)?Memset\w*",
}
"""Names of the runtime's and the driver's calls that give a device work; a CUDA graph is one, however much is in it."""


def device_calls(work: Callable[[], object], device: torch.device) -> dict[str, int]:
    """Do the work under PyTorch's profiler and count the calls to CUDA by kind (`CALLS`); elsewhere there are none."""
    activity = ProfilerActivity.CUDA if device.type == "cuda" else ProfilerActivity.CPU
    with profile(activities=[activity]) as seen:
        work()
    names = [event.name for event in seen.events() or ()]
    return {kind: sum(re.fullmatch(pattern, name) is not None for name in names) for kind, pattern in CALLS.items()}


class LaunchCounter:
    """Counts within `counting`, by part: a part ends where the next begins.

    Attributes:
        operators: how often each operator was asked for, by part; `""` before the first part.
        waits: names of the operators that make the CPU wait, by part, each as often as it came.
    """

    def __init__(self) -> None:
        self.operators: dict[str, Counter[str]] = {}
        self.waits: dict[str, list[str]] = {}
        self._part = ""

    def __call__(self, part: str) -> None:
        """Begin a part; its earlier count, if any, continues."""
        self._part = part

    @contextmanager
    def counting(self) -> Iterator["LaunchCounter"]:
        """Count launches within this context."""
        with _Count(self):
            yield self

    def launches(self, *parts: str) -> int:
        """Number of launches in these parts; in all if none is named."""
        return sum(self.operators.get(part, Counter()).total() for part in parts or tuple(self.operators))

    def note(self, operator: Any, arguments: tuple[Any, ...]) -> None:
        """Record a call of an operator."""
        name = operator._schema.name.removeprefix("aten::")
        if name in WAITS or (name in ("index", "index_put_", "index_put") and _by_mask(arguments)):
            self.waits.setdefault(self._part, []).append(name)
        if not (name in FREE or _is_view(operator)):
            self.operators.setdefault(self._part, Counter())[name] += 1


class _Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, counter: LaunchCounter) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._counter = counter

    def __torch_dispatch__(
        self, operator: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        self._counter.note(operator, arguments)
        return operator(*arguments, **(keywords or {}))


def _is_view(operator: Any) -> bool:
    """Whether the result shares memory with an argument that isn't written to."""
    return any(value.alias_info is not None and not value.alias_info.is_write for value in operator._schema.returns)


def _by_mask(arguments: tuple[Any, ...]) -> bool:
    places = arguments[1] if len(arguments) > 1 else ()
    return any(isinstance(place, Tensor) and place.dtype in (torch.bool, torch.uint8) for place in places or ())
