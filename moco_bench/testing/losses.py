"""Requirements for rules about negatives and for losses, checked on small batches in float64."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn.functional import normalize

from moco_bench.components.base import Component
from moco_bench.components.negatives import All, Negatives
from moco_bench.components.objectives import InfoNCE, Objective
from moco_bench.contrast import chunks
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.contrast.loss import contrastive_terms
from moco_bench.contrast.pairs import AtStep
from moco_bench.measure.allocations import AllocationMeter

TEMPERATURE = 0.2


@dataclass(frozen=True)
class Case:
    """Unit rows of a batch and of a queue, in which some keys are of the batch's own images."""

    query: Tensor
    key: Tensor
    queue: Tensor
    query_queue: Tensor
    sample_index: Tensor
    queue_index: Tensor
    progress: float = 1.0

    @classmethod
    def of(cls, rows: int, size: int, dimension: int = 6, dtype: torch.dtype = torch.float64) -> "Case":
        """Random directions, always the same."""
        generator = torch.Generator().manual_seed(0)
        query, key, queue, query_queue = (
            normalize(torch.randn(count, dimension, generator=generator, dtype=dtype), dim=1)
            for count in (rows, rows, size, size)
        )
        images = torch.randint(-1, 3 * rows, (size,), generator=generator)
        return cls(query, normalize(query + key, dim=1), queue, query_queue, torch.arange(rows), images)


def check_negatives(rule: Component, *, stops_gradient: bool = False, order_matters: bool = False) -> None:
    """Check a rule under MoCo's loss and with the key as the anchor. See `check` for the arguments."""
    assert isinstance(rule, Negatives), f"{type(rule).__name__} is no rule about negatives"
    rule.check(40)
    _check(rule, InfoNCE(), stops_gradient, order_matters)
    _check_memory(rule, InfoNCE())


def check_objective(objective: Component, *, stops_gradient: bool = False, order_matters: bool = False) -> None:
    """Check a loss with the whole queue as negatives. See `check` for the arguments."""
    assert isinstance(objective, Objective), f"{type(objective).__name__} is no loss"
    _check(All(), objective, stops_gradient, order_matters)
    _check_memory(All(), objective)


def _check(rule: Negatives, objective: Objective, stops_gradient: bool, order_matters: bool) -> None:
    for progress in (0.0, 0.5, 1.0):
        case = replace(Case.of(5, 40), progress=progress)
        value, gradient = expected = _value_and_gradient(rule, objective, case)
        assert value.shape == (), f"the loss must be one number, got shape {list(value.shape)}"
        assert value.isfinite(), f"the loss must be finite, got {value}"
        assert gradient.isfinite().all(), "the gradient must be finite"
        again = _value_and_gradient(rule, objective, case)
        assert value.equal(again[0]), "the same step must give the same loss to the bit"
        assert gradient.equal(again[1]), "the same step must give the same gradient to the bit"
        with plain_version():
            _check_same(rule, objective, case, expected, "chunks must give what the plain way does")
        for width in (3, 17):
            with patch.multiple(chunks, STORED_PAIRS=0, MINIMUM_WIDTH=width, CHUNK_PAIRS=1):
                _check_same(rule, objective, case, expected, f"chunks of {width} keys must agree")
        if not order_matters:
            order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
            moved = replace(
                case,
                queue=case.queue[order],
                query_queue=case.query_queue[order],
                queue_index=case.queue_index[order],
            )
            _check_same(rule, objective, moved, expected, "the order of the queue must not matter")
        renamed = replace(
            case,
            sample_index=case.sample_index + 7,
            queue_index=torch.where(case.queue_index >= 0, case.queue_index + 7, case.queue_index),
        )
        told = _value_and_gradient(rule, objective, renamed)
        assert value.equal(told[0]), "numbers of images may be compared, and tell nothing else"
    if not stops_gradient:
        _check_differences(rule, objective)
    _check_lonely(rule, objective)


def _terms(rule: Negatives, objective: Objective, case: Case, query: Tensor) -> Tensor:
    at_step = AtStep(rule, torch.Generator().manual_seed(3), case.progress)
    return contrastive_terms(
        query,
        case.key,
        case.queue,
        temperature=TEMPERATURE,
        objective=objective,
        negatives=at_step,
        sample_index=case.sample_index,
        queue_index=case.queue_index,
        query_queue=case.query_queue,
    ).total


def _value_and_gradient(rule: Negatives, objective: Objective, case: Case) -> tuple[Tensor, Tensor]:
    query = case.query.clone().requires_grad_()
    others = [tensor.requires_grad_() for tensor in (case.key, case.queue, case.query_queue)]
    total = _terms(rule, objective, case, query)
    torch.autograd.backward(total)
    assert all(tensor.grad is None for tensor in others), "gradients may reach the queries alone"
    for tensor in others:
        tensor.requires_grad_(False)
    assert query.grad is not None, "no gradient reaches the queries"
    return total.detach(), query.grad


def _check_same(rule: Negatives, objective: Objective, case: Case, expected: tuple[Tensor, Tensor], said: str) -> None:
    found = _value_and_gradient(rule, objective, case)
    for name, one, two in zip(("loss", "gradient"), found, expected, strict=True):
        assert torch.allclose(one, two, rtol=1e-8, atol=1e-10), f"{said}: the {name} is another"


def _check_differences(rule: Negatives, objective: Objective) -> None:
    """Compare the gradient with central differences; keys that a rule adds stay constant, as they get no gradient."""
    case, step = Case.of(4, 40), 1e-6
    held = _with_held_keys(rule, objective, case)
    _, gradient = _value_and_gradient(held, objective, case)
    for row, column in ((0, 0), (1, 3), (2, 5), (3, 1)):
        ends = []
        for sign in (1, -1):
            moved = case.query.clone()
            moved[row, column] += sign * step
            ends.append(float(_terms(held, objective, case, moved.requires_grad_()).detach()))
        expected, found = (ends[0] - ends[1]) / (2 * step), float(gradient[row, column])
        assert abs(found - expected) <= 1e-5 * max(1.0, abs(expected)), (
            f"the gradient is {found:.6g}, the loss changes by {expected:.6g}; "
            "say `stops_gradient=True` if this is meant"
        )


def _with_held_keys(rule: Negatives, objective: Objective, case: Case) -> Negatives:
    if type(rule).extra_keys is Negatives.extra_keys:
        return rule
    kept: list[Tensor | None] = []
    cls = type(rule)

    def noted(self: Negatives, pairs: Any) -> Tensor | None:
        kept.append(cls.extra_keys(self, pairs))
        return kept[-1]

    def make(method: Callable[..., Any]) -> Negatives:
        name = f"Held{cls.__name__}"
        variant = cast(type[Negatives], type(name, (cls,), {"extra_keys": method, "__module__": cls.__module__}))
        return variant.model_validate(rule.model_dump())

    _terms(make(noted), objective, case, case.query.clone().requires_grad_())
    places = iter(range(10**9))

    def held(self: Negatives, pairs: Any) -> Tensor | None:
        return kept[next(places) % len(kept)]

    return make(held)


def _check_lonely(rule: Negatives, objective: Objective) -> None:
    """Check that the loss is finite where every key is of the anchor's own image, so that there is no negative."""
    case = Case.of(3, 40)
    lonely = replace(case, queue_index=torch.zeros_like(case.queue_index))
    value, gradient = _value_and_gradient(rule, objective, lonely)
    assert value.isfinite(), "the loss must be finite where an anchor has no negative"
    assert gradient.isfinite().all(), "the gradient must be finite where an anchor has no negative"


def _check_memory(rule: Negatives, objective: Objective) -> None:
    """Check that no B x K matrix is held for a long queue."""
    case = Case.of(128, 65536, 8, torch.float32)
    query = case.query.clone().requires_grad_()
    meter = AllocationMeter(torch.device("cpu"))
    with meter:
        torch.autograd.backward(_terms(rule, objective, case, query))
    peak = meter.ledger.timeline(lambda block: block.cause or "extra").peak
    matrix = 128 * 65536 * 4
    assert peak < matrix, f"{peak / 2**20:.1f} MiB are held at a long queue, the B x K matrix has {matrix / 2**20:.1f}"
