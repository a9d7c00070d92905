"""FLOPs of matmuls and convolutions, counted where PyTorch dispatches them, forward and backward.

Two for a multiplication and its addition, as hardware is rated. What works element by element isn't counted: it costs
memory traffic, not arithmetic. The formulas are PyTorch's; its own counter asks for the module and a decomposition
behind every operator, and takes twice as long as the step that it counts.
"""

import functools
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, mm_flop


class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts `flops` within its context, by part, in the order in which parts first began.

    A part ends where the next begins; what comes before the first is ignored.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops: dict[str, int] = {}
        self._part: str | None = None

    def __call__(self, part: str) -> None:
        """Begin a part; its earlier count, if any, continues."""
        self.flops.setdefault(part, 0)
        self._part = part

    def __torch_dispatch__(
        self, operator: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        keywords = keywords or {}
        formula = _formula(operator)
        if formula is None and _is_made_of_others(operator):
            with self:
                return operator.decompose(*arguments, **keywords)
        result = operator(*arguments, **keywords)
        if formula is not None and self._part is not None:
            self.flops[self._part] += int(formula(*arguments, **keywords, out_val=result))
        return result


@functools.cache
def _formula(operator: Any) -> Any:
    if operator._overloadpacket is torch.ops.aten.addmm_:  # PyTorch knows `addmm`, but not the form that adds in place
        return _addmm_in_place
    return flop_registry.get(operator._overloadpacket)


@functools.cache
def _is_made_of_others(operator: Any) -> bool:
    return bool(operator.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd))


def _addmm_in_place(matrix: Any, left: Any, right: Any, *, out_val: Any = None, **options: Any) -> int:
    return int(mm_flop(left.shape, right.shape))
