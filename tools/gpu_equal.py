"""Checks that a card computes what a CPU does, and where it may not wait, for `tools/gpu_check.sh`."""

import math
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tools.gpu_speed import Size, images_of, no_waiting, run_of

VALUE_BOUND = 1e-5
"""Allowed relative difference between a card's loss and the CPU's: float32 has 24 bits, and sums another order."""
GRADIENT_BOUND = 1e-3
"""Allowed length of the gradients' difference, relative to their length: a key that lies at a rule's cut, but for
rounding, may be kept here and dropped there."""

FILTER = {"negatives": {"rule": "hardest", "fraction": 0.25}}
ARMS: dict[str, dict[str, Any]] = {
    "vanilla": {},
    "dual": {"dual_view": "key-in-batch"},
    "filter": FILTER,
    "both": {"dual_view": "key-in-batch", **FILTER},
    "symmetric": {"dual_view": "symmetric"},
    "random": {"negatives": {"rule": "random", "fraction": 0.25}},
    "mass": {"negatives": {"rule": "hardest", "mass": 0.5}},
}
STEPS = 3


def losses_equal(size: Size, left: float) -> dict[str, Any]:
    """Value and gradient of the loss on the card against the CPU's, for each selection rule and reading."""
    from moco_bench.components.negatives import All, Band, DropHardest, Easiest, Hardest, Random, Threshold
    from moco_bench.components.readings import readings
    from moco_bench.contrast.device import as_on_gpu

    (batch, queue), generator = size.losses[0], torch.Generator().manual_seed(0)
    unit = torch.nn.functional.normalize
    rows = [unit(torch.randn(n, 128, generator=generator), dim=1) for n in (batch, batch, queue, queue)]
    images = [torch.arange(batch), torch.arange(queue) % (2 * batch)]
    rules = {
        "all": All(),
        "hardest": Hardest(fraction=0.25),
        "hardest by mass": Hardest(mass=0.5),
        "easiest": Easiest(fraction=0.5),
        "random": Random(fraction=0.25),
        "drop-hardest": DropHardest(count=9),
        "band": Band(inner=0.1, outer=0.7),
        "threshold": Threshold(similarity=0.1, minimum=1),
    }
    found: list[dict[str, Any]] = []
    for name, rule in rules.items():
        for reading in (name for name, loss in readings().items() if not loss.swaps_views):
            here = _value_and_gradient(rows, images, rule, reading, torch.device("cpu"))
            with as_on_gpu():  # on a CPU its way is another one
                there = _value_and_gradient(rows, images, rule, reading, torch.device(size.device))
            found.append(
                {
                    "rule": name,
                    "reading": reading,
                    "value": abs(there[0] - here[0]) / abs(here[0]),
                    "gradient": float((there[1] - here[1]).norm() / here[1].norm()),
                }
            )
    # Asked for what holds, since whatever is no number is neither above nor below a bound.
    equal = all(row["value"] <= VALUE_BOUND and row["gradient"] <= GRADIENT_BOUND for row in found)
    return {
        "outcome": "passed" if equal else "failed",
        "bounds": {"value": VALUE_BOUND, "gradient": GRADIENT_BOUND},
        "relative_differences": found,
    }


def arms(size: Size, left: float) -> dict[str, Any]:
    """Steps of each arm in which PyTorch refuses to wait, in float16 one where it may: the scaler waits once a step."""
    cases = [(arm, "float32") for arm in ARMS] + ([("both", "float16")] if size.device != "cpu" else [])
    found: dict[str, Any] = {}
    for arm, precision in cases:
        waiting = no_waiting(size.device) if precision == "float32" else nullcontext()
        try:
            found[f"{arm} {precision}"] = losses_of(_stepper_of(arm, size, precision), STEPS, waiting)
        except RuntimeError as error:  # how PyTorch refuses to wait; the other arms are of interest all the same
            found[f"{arm} {precision}"] = str(error)[-500:]
    good = all(isinstance(losses, list) and all(map(math.isfinite, losses)) for losses in found.values())
    return {"outcome": "passed" if good else "failed", "losses": found}


def resume(size: Size, left: float) -> dict[str, Any]:
    """Stop runs in the middle of an epoch and resume them: weights equal uninterrupted runs', bit for bit."""
    from moco_bench.errors import Interrupted
    from moco_bench.train.pretrain import pretrain
    from moco_bench.train.state import hash_of_weights

    images, hashes = images_of(size), {}
    for optimiser in ("sgd", "adamw"):
        run = run_of(size, "float32", "never", epochs=2)
        run = replace(run, train=run.train.model_copy(update={"optimiser": optimiser, "learning_rate": 0.001}))
        found = hashes[optimiser] = []
        with tempfile.TemporaryDirectory() as folder:
            found.append(hash_of_weights(pretrain(run, images, Path(folder) / "whole", device=size.device).encoder))
            try:
                pretrain(run, images, Path(folder) / "b", device=size.device, stop_requested=_from_the_third_time())
            except Interrupted:
                found.append(hash_of_weights(pretrain(run, images, Path(folder) / "b", device=size.device).encoder))
    equal = all(len(found) == 2 and found[0] == found[1] for found in hashes.values())
    return {"outcome": "passed" if equal else "failed", "hashes": hashes}


def _from_the_third_time() -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= 2


def losses_of(stepper: Any, steps: int, waiting: AbstractContextManager[Any] | None = None) -> list[float]:
    """Make the next step, then `steps` within `waiting`; the losses of them all, read at the end."""
    from moco_bench.profile import stepper as module

    seen: list[torch.Tensor] = []
    usual = module.training_step

    def watched(*words: Any, **named: Any) -> Any:
        result = usual(*words, **named)
        seen.append(result.loss.clone())  # a CUDA graph's would be overwritten
        return result

    module.training_step = watched  # the stepper tells no losses
    try:
        stepper.step()
        with waiting or nullcontext():
            for _ in range(steps):
                stepper.step()
    finally:
        module.training_step = usual
    return [float(loss) for loss in seen]


def _stepper_of(arm: str, size: Size, precision: str) -> Any:
    from moco_bench.profile.stepper import Stepper
    from moco_bench.suite.config import ContrastConfig

    run = run_of(size, precision, "never")
    contrast = ContrastConfig.model_validate({"queue_size": run.contrast.queue_size, **ARMS[arm]})
    return Stepper(replace(run, contrast=contrast), images_of(size))


def _value_and_gradient(
    rows: list[torch.Tensor], images: list[torch.Tensor], rule: Any, reading: str, where: torch.device
) -> tuple[float, torch.Tensor]:
    """The loss and the queries' gradient, on the CPU."""
    from moco_bench.contrast import contrastive_loss

    query, key, queue, query_queue = (tensor.to(where) for tensor in rows)
    sample_index, queue_index = (tensor.to(where) for tensor in images)
    query = query.clone().requires_grad_()
    loss = contrastive_loss(
        query, key, queue,
        temperature=0.1, dual_view=reading, negatives=rule,
        sample_index=sample_index, queue_index=queue_index, query_queue=query_queue,
    )  # fmt: skip
    torch.autograd.backward(loss)
    assert query.grad is not None
    return float(loss.detach()), query.grad.cpu()
