"""Checks a suite's `profile` against its arms, before anything is measured."""

from moco_bench.errors import InputError
from moco_bench.suite.config.profile import GrowthConfig
from moco_bench.suite.profiled import profiled_runs
from moco_bench.suite.runs import Run
from moco_bench.suite.suite import Suite


def check_profile(suite: Suite) -> None:
    """Refuse a `profile` that doesn't fit the arms. Raises `InputError`, one line."""
    if suite.profile is None:
        return
    runs = [run for arms in profiled_runs(suite).values() for run in arms.values()]
    growth = suite.profile.growth
    if growth is not None:
        _check_growth(growth, runs)
    for key, sizes in (
        ("growth.queue_sizes", growth.queue_sizes if growth is not None else ()),
        ("claim_queue_sizes", suite.profile.claim_queue_sizes),
    ):
        for size in sizes:
            _check_queue(key, size, runs)


def _check_growth(growth: GrowthConfig, runs: list[Run]) -> None:
    sizes = (growth.batch_sizes, growth.queue_sizes, growth.dimensions, growth.widths)
    if not any((*sizes, growth.fractions, growth.encoders)):
        raise InputError("profile.growth: names no values; give `queue_sizes: [1024, 4096]`, say, or leave it out")
    groups = max(run.encoder.batch_norm_groups for run in runs)
    for size in growth.batch_sizes:
        if size < 2 * groups or size % groups:
            raise InputError(
                f"profile.growth.batch_sizes: {size} doesn't divide into {groups} BatchNorm groups of at least 2"
            )
    if growth.fractions and all(getattr(run.contrast.negatives, "fraction", None) is None for run in runs):
        raise InputError("profile.growth.fractions: no arm has a rule with a `fraction`")
    if growth.widths and all("width" not in type(run.encoder.backbone).model_fields for run in runs):
        raise InputError("profile.growth.widths: no arm has an encoder with a `width`, such as resnet-compact")
    if min(growth.dimensions, default=2) < 2:
        raise InputError(f"profile.growth.dimensions: {min(growth.dimensions)} is too small, at least 2")


def _check_queue(key: str, size: int, runs: list[Run]) -> None:
    for run in runs:
        entering = run.train.batch_size * run.contrast.keys_per_image
        if size < entering:
            raise InputError(
                f"profile.{key}: {size} is too small for arm {run.arm}, which needs at least {entering} keys"
            )
        try:
            run.contrast.negatives.check(size)
        except ValueError as error:
            raise InputError(f"profile.{key}: {size} is too small for arm {run.arm}: {error}") from None
