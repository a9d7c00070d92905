"""The learning rate as a pure function of the step."""

import math

from moco_bench.suite.config import TrainConfig


def learning_rate_at(step: int, *, steps_per_epoch: int, config: TrainConfig) -> float:
    """The rate for step `step`, counted from 0 over the whole run.

    Both cosines are SGDR without restarts (Loshchilov & Hutter, arXiv 1608.03983, eq. 5, with a minimum of 0).
    `cosine-step` decays at each step, from the full rate on. `cosine-epoch` is that of MoCo's CIFAR-10 demo: it decays
    once per epoch and counts epochs from 1, so that it is below the full rate in the first and 0 in the last. A linear
    warm-up, if there is one, comes first.
    """
    warmup, total = config.warmup_epochs * steps_per_epoch, config.epochs * steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if config.schedule == "constant":
        return config.learning_rate
    if config.schedule == "cosine-epoch":
        step = (step // steps_per_epoch + 1) * steps_per_epoch
    progress = (step - warmup) / (total - warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
