"""Effect of single changes on the time of a training step: the same step with and without each, in pairs.

    python -m benchmarks.studies.step_variants [--encoder resnet-compact] [--rounds 15] [--only NAME ...]

All versions stand side by side in one process; in each round every one makes a few steps, after the usual step made
as many. Printed are the median and the quartiles of the ratio of processor times within rounds, new over usual: below
one, the change pays. `usual` itself takes part once more: by how much its ratio misses one is the noise. `compiled` and
`one-graph` need a C++ compiler, and minutes of it before the first round.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu

from benchmarks.peers.images import bench_images
from benchmarks.peers.own import run_of
from benchmarks.peers.settings import ENCODERS, Workload, workload
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.config import TrainConfig
from moco_bench.train.step import Networks

STEPS = 3
"""Steps per turn."""


def usual(options: argparse.Namespace, **changed: object) -> Stepper:
    """The step as `pretrain` makes it, with some settings of `train` changed."""
    settings: Workload = workload((options.encoder,))
    train = TrainConfig.model_validate(
        {
            "batch_size": options.batch_size,
            "precision": options.precision,
            "threads": options.threads,
            "compile": "never",
            "device": "cpu",
            "augment": settings.augment,
            **changed,
        }
    )
    return Stepper(run_of(options.encoder, settings, train), bench_images(settings))


def one_graph(options: argparse.Namespace) -> Stepper:
    """Both encoders' passes compiled as one function, which is called as soon as both views are there."""
    stepper = usual(options)
    query_encoder, key_encoder = stepper.state.query_encoder, stepper.state.key_encoder
    inputs_views, waiting = stepper.inputs.views, []

    @torch.compile
    def both(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            key = key_encoder(second)
        return query_encoder(first), key

    def views(*arguments: object) -> tuple[Tensor, Tensor]:
        waiting[:] = inputs_views(*arguments)
        return waiting[0], waiting[1]

    class Query(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            query, waiting[1] = both(images, waiting[1])
            return query

    class Key(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return waiting[1]

    stepper.inputs.views = views
    stepper._networks = Networks(Query(), Key())
    return stepper


def fused_optimiser(options: argparse.Namespace) -> Stepper:
    """PyTorch's fused SGD in place of its foreach version."""
    stepper = usual(options)
    before = stepper.state.optimiser
    settings = {**before.defaults, "foreach": None, "fused": True}
    stepper.state.optimiser = torch.optim.SGD(before.param_groups[0]["params"], **settings)
    return stepper


def in_place_relu_backward(options: argparse.Namespace) -> Stepper:
    """A ReLU whose backward pass overwrites its incoming gradient: all that eager mode can fuse of it."""

    class Relu(torch.autograd.Function):
        @staticmethod
        def forward(context: torch.autograd.function.FunctionCtx, images: Tensor) -> Tensor:
            context.mark_dirty(images)
            output = relu(images, inplace=True)
            context.save_for_backward(output)
            return output

        @staticmethod
        def backward(context: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
            (output,) = context.saved_tensors
            return torch.ops.aten.threshold_backward.grad_input(gradient, output, 0, grad_input=gradient)

    class Module(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return Relu.apply(images)

    stepper = usual(options)
    for encoder in (stepper.state.query_encoder, stepper.state.key_encoder):
        for parent in list(encoder.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, torch.nn.ReLU):
                    setattr(parent, name, Module())
    return stepper


VARIANTS: dict[str, Callable[[argparse.Namespace], Stepper]] = {
    "usual": usual,
    "bfloat16": lambda options: usual(options, precision="bfloat16"),
    "contiguous": lambda options: usual(options, channels_last=False),
    "fused-optimiser": fused_optimiser,
    "in-place-relu-backward": in_place_relu_backward,
    "compiled": lambda options: usual(options, compile="always"),
    "one-graph": one_graph,
}


def main(words: list[str] | None = None) -> int:
    """Print one row per variant."""
    parser = argparse.ArgumentParser(description="Training steps with and without single changes.")
    parser.add_argument("--encoder", choices=tuple(ENCODERS), default="resnet-compact")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="+", choices=tuple(VARIANTS), default=tuple(VARIANTS))
    options = parser.parse_args(words)
    base = usual(options)
    steppers = {name: VARIANTS[name](options) for name in options.only}
    for stepper in (base, *steppers.values()):
        stepper.steps(STEPS)  # compilation, first allocations
    ratios: dict[str, list[float]] = {name: [] for name in steppers}
    times = []
    for _ in range(options.rounds):
        for name, stepper in steppers.items():
            times.append(_milliseconds(base))
            ratios[name].append(_milliseconds(stepper) / times[-1])
    print(f"{options.encoder}, batches of {options.batch_size}, {base.numerics.precision}, threads: {options.threads}")
    print(f"usual step: {statistics.median(times):.1f} ms of processor time")
    print(f"{'variant':24s} ratio  quartiles")
    for name, found in ratios.items():
        low, _, high = statistics.quantiles(found, n=4) if len(found) > 1 else (found[0],) * 3
        print(f"{name:24s} {statistics.median(found):.3f}  {low:.3f} - {high:.3f}", flush=True)
    return 0


def _milliseconds(stepper: Stepper) -> float:
    began = time.process_time()
    stepper.steps(STEPS)
    return 1000 * (time.process_time() - began) / STEPS


if __name__ == "__main__":
    sys.exit(main())
