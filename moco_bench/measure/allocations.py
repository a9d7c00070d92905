"""Bytes of tensors by cause: every storage from its allocation until it is freed.

Operators are seen where PyTorch dispatches them, in the forward and in the backward pass alike, and the end of a block
through a weak reference to its storage. So nothing is estimated from shapes, and views count once. What an operator
takes and gives back inside of itself is not seen.
"""

import time
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

MIB = 2**20


@dataclass(eq=False)
class Block:
    """Memory of one or more tensors, `size` bytes, allocated during `scope`.

    `cause`: what it is, where that was claimed; it may be learnt after its death. `saved`: whether autograd kept it for
    the backward pass. `before`: whether it was there before anything was watched.
    """

    size: int
    scope: str
    cause: str | None = None
    saved: bool = False
    address: int = 0
    before: bool = False


class Event(NamedTuple):
    """A block is allocated (`sign` 1) or freed (-1), `seconds` after the meter began."""

    seconds: float
    sign: int
    block: Block


@dataclass(frozen=True)
class Timeline:
    """Live bytes of each of P parts, int64 [E, P], after each of E events, `seconds` [E] after the meter began."""

    parts: tuple[str, ...]
    seconds: NDArray[np.float64]
    live: NDArray[np.int64]

    @property
    def peak(self) -> int:
        """The largest sum of live bytes at any time."""
        return int(self.live.sum(axis=1).max(initial=0))

    def thinned(self, points: int) -> "Timeline":
        """At most `points` moments, each the highest of its stretch, so that the peak is always among them."""
        if len(self.seconds) <= points:
            return self
        totals = self.live.sum(axis=1)
        stretches = np.array_split(np.arange(len(totals)), points)
        chosen = np.array([stretch[totals[stretch].argmax()] for stretch in stretches])
        return Timeline(self.parts, self.seconds[chosen], self.live[chosen])

    def at_peak(self) -> dict[str, int]:
        """Bytes by part at the moment of the peak, the first one if there are several."""
        if not len(self.live):
            return dict.fromkeys(self.parts, 0)
        moment = self.live[int(self.live.sum(axis=1).argmax())]
        return {part: int(size) for part, size in zip(self.parts, moment, strict=True)}

    def peak_seconds(self, part: str | None = None) -> float:
        """When all parts together, or one of them, first reached their highest value; 0 if nothing was ever live."""
        if not len(self.live) or (part is not None and part not in self.parts):
            return 0.0
        sizes = self.live.sum(axis=1) if part is None else self.live[:, self.parts.index(part)]
        return float(self.seconds[int(sizes.argmax())])

    def highest(self, part: str) -> int:
        """The highest bytes of one part at any time: its own peak."""
        if part not in self.parts:
            return 0
        return int(self.live[:, self.parts.index(part)].max(initial=0))


@dataclass
class Ledger:
    """All allocations and frees, in order."""

    events: list[Event] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def seconds(self) -> float:
        """Seconds since the meter began."""
        return time.perf_counter() - self.began

    def note(self, sign: int, block: Block) -> None:
        """Record an allocation or a free."""
        self.events.append(Event(self.seconds(), sign, block))

    def timeline(self, part_of: Callable[[Block], str]) -> Timeline:
        """Live bytes over time; `part_of` is called after the events, when everything about a block is known."""
        named = [part_of(event.block) for event in self.events]
        parts = tuple(dict.fromkeys(named))
        changes = np.zeros((len(named), len(parts)), dtype=np.int64)
        for row, (event, name) in enumerate(zip(self.events, named, strict=True)):
            changes[row, parts.index(name)] = event.sign * event.block.size
        seconds = np.array([event.seconds for event in self.events], dtype=np.float64)
        return Timeline(parts, seconds, changes.cumsum(axis=0))


class AllocationMeter:
    """Watches all tensors of one device type within its context; `live` are the bytes of the blocks that are alive.

    The user sets `scope`: what is going on, for the blocks that are allocated from now on.
    """

    def __init__(
        self, device: torch.device, scope: str = "outside", after_operator: Callable[[int], None] = lambda size: None
    ) -> None:
        """Take `after_operator`, called with the bytes of each operator's results (0 for views), metered or not."""
        self.scope = scope
        self.ledger = Ledger()
        self.live = 0
        self._after_operator = after_operator
        self._device_type = device.type
        self._alive: dict[int, tuple[Block, weakref.ref[Any]]] = {}
        self._watching = False
        self._contexts = ExitStack()

    def __enter__(self) -> "AllocationMeter":
        self._watching = True
        self._contexts.enter_context(saved_tensors_hooks(self._save, lambda tensor: tensor))
        self._contexts.enter_context(_Watch(self))
        return self

    def __exit__(self, *error: object) -> None:
        self._contexts.close()
        self._watching = False

    def claim(self, cause: str, tensors: Iterable[Tensor]) -> None:
        """Name the cause of tensors. Those that the meter has not seen yet count from now on."""
        for tensor in tensors:
            block = self.see(tensor)
            if block is not None:
                block.cause = cause

    def see(self, tensor: Tensor) -> Block | None:
        """The block of a tensor; None for a tensor on another device or without storage."""
        if tensor.device.type != self._device_type or tensor.layout != torch.strided:
            return None
        storage = tensor.untyped_storage()
        key = storage._cdata
        known = self._alive.get(key)
        if known is not None:
            return known[0]
        block = Block(storage.nbytes(), self.scope, address=storage.data_ptr())
        self._alive[key] = block, weakref.ref(storage, lambda _: self._forget(key))
        self.ledger.note(1, block)
        self.live += block.size
        return block

    def _forget(self, key: int) -> None:
        block, _ = self._alive.pop(key)
        self.live -= block.size
        if self._watching:
            self.ledger.note(-1, block)

    def _save(self, tensor: Tensor) -> Tensor:
        block = self.see(tensor)
        if block is not None:
            block.saved = True
        return tensor


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Shows every operator's results to a meter."""

    def __init__(self, meter: AllocationMeter) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._meter = meter

    def __torch_dispatch__(
        self, operator: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        result = operator(*arguments, **(keywords or {}))
        size = self._look_at(result)
        self._meter._after_operator(0 if operator.is_view else size)
        return result

    def _look_at(self, result: Any) -> int:
        """Show a result to the meter; its bytes, counted independently of the meter."""
        if isinstance(result, Tensor):
            self._meter.see(result)
            return result.nbytes if result.layout == torch.strided else 0
        if isinstance(result, (tuple, list)):
            return sum(self._look_at(part) for part in result)
        return 0
