"""The inputs of a training step, which depend on the run and the step's number alone."""

import torch

from moco_bench.components.negatives import All
from moco_bench.contrast.pairs import AtStep
from moco_bench.data.datasets import DataSet
from moco_bench.data.drawing import views_of
from moco_bench.data.transfer import to_device
from moco_bench.data.views import Hasher
from moco_bench.suite.runs import Run
from moco_bench.train.feed import BatchIndices, feed_of
from moco_bench.train.precision import Numerics
from moco_bench.train.randomness import stream
from moco_bench.train.world import ALONE, World


class StepInputs:
    """Images, views, negatives and shuffles of one run, on the device."""

    def __init__(self, run: Run, dataset: DataSet, numerics: Numerics, world: World = ALONE) -> None:
        self.run, self.numerics, self.world = run, numerics, world
        self.feed = feed_of(dataset.train.images, numerics.device)
        self.count = len(dataset.train)
        self._views = views_of(run.train.augment, dataset.mean, dataset.std)

    def gather(self, batch: BatchIndices) -> torch.Tensor:
        """The images [B, C, H, W], uint8, of a batch."""
        return self.feed.gather(batch)

    def views(self, images: torch.Tensor, step: int, hasher: Hasher) -> tuple[torch.Tensor, torch.Tensor]:
        """Two normalised views of a step's images [B, C, H, W]; their parameters are fed to `hasher`.

        They are drawn for the whole batch; of several ranks each makes its own rows.
        """
        generator = stream(self.run.seed, "augmentation", step)
        return self._views.two(images, generator, hasher, self.world.rows(len(images)), self.numerics.memory_format)

    def negatives(self, step: int) -> AtStep | None:
        """The active rule; None for the whole queue, or while a filter warms up."""
        contrast = self.run.contrast
        if isinstance(contrast.negatives, All) or step < contrast.filter_warmup_steps:
            return None
        steps = self.count // self.run.train.batch_size * self.run.train.epochs
        progress = min(1.0, step / max(1, steps - 1))
        return AtStep(contrast.negatives, stream(self.run.seed, "negatives", step), progress)

    def shuffle(self, step: int) -> torch.Tensor | None:
        """The order of the keys' batch [B] if BatchNorm works in groups, else None."""
        if self.run.encoder.batch_norm_groups == 1:
            return None
        order = torch.randperm(self.run.train.batch_size, generator=stream(self.run.seed, "shuffle", step))
        return to_device(order, self.numerics.device)
