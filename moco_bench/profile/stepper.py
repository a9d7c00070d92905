"""One arm, ready to make training steps one at a time, as `train.loop` makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import torch

from moco_bench.data.datasets import DataSet
from moco_bench.data.transfer import to_device
from moco_bench.profile.parts import AUGMENTATION, DATA, DATA_WAIT, MOMENTUM_UPDATE, QUEUE, Mark, observed, unmarked
from moco_bench.suite.runs import Run
from moco_bench.train.compilation import COMPILED, networks_of
from moco_bench.train.feed import BatchIndices
from moco_bench.train.inputs import StepInputs
from moco_bench.train.precision import Numerics, resolve_numerics
from moco_bench.train.randomness import stream
from moco_bench.train.state import TrainingState, initial_state
from moco_bench.train.step import Networks, enqueue, training_step


class Stepper:
    """A fresh state of a run that makes the run's steps; filters act from the first step on.

    Every step changes `state`. `compilation` is what became of the wish to compile the encoders.
    """

    def __init__(self, run: Run, dataset: DataSet, device: str | None = None) -> None:
        self.run, self.dataset = run, dataset
        self.numerics: Numerics = resolve_numerics(run.train, device)
        channels, height, width = dataset.train.images.shape[1:]
        self.state: TrainingState = initial_state(run, self.numerics, channels=channels, image_size=min(height, width))
        self.inputs = StepInputs(run, dataset, self.numerics)
        batch = torch.Size((run.train.batch_size, channels, height, width))
        self._networks, self.compilation = networks_of(
            self.state, run.train, self.numerics, batch, called_twice=run.contrast.loss.swaps_views
        )
        self._step = run.contrast.filter_warmup_steps
        self._order = torch.randperm(self.inputs.count, generator=stream(run.seed, "order"))
        self._hasher = sha256()

    def use_threads(self) -> None:
        """Set PyTorch's threads to the run's: they are global, and another stepper may have changed them."""
        if torch.get_num_threads() != self.run.train.threads:
            torch.set_num_threads(self.run.train.threads)

    def step(self, mark: Mark = unmarked) -> None:
        """Make one step; `mark` is called as each part begins. The caller measures the time."""
        self.use_threads()
        run, step = self.run, self._step
        state, networks = self.state, self._networks
        if mark is not unmarked:
            state, networks = observed(state, networks, mark)
        mark(DATA_WAIT if self.inputs.feed.prefetched else DATA)
        numbers, upcoming = (self._numbers(place) for place in (step, step + 1))
        sample_index = to_device(numbers, self.numerics.device)
        images = self.inputs.gather(BatchIndices(numbers, sample_index, upcoming))
        mark(AUGMENTATION)
        views = self.inputs.views(images, step, self._hasher)
        negatives, shuffle = self.inputs.negatives(step), self.inputs.shuffle(step)
        mark(MOMENTUM_UPDATE)
        result = training_step(
            state,
            networks,
            views,
            sample_index,
            contrast=run.contrast,
            numerics=self.numerics,
            learning_rate=run.train.learning_rate,
            negatives=negatives,
            shuffle=shuffle,
        )
        mark(QUEUE)
        enqueue(state, result, sample_index, run.contrast)
        self._step += 1

    def steps(self, count: int) -> None:
        """Make `count` steps."""
        for _ in range(count):
            self.step()

    def _numbers(self, step: int) -> torch.Tensor:
        """Indices of a step's images, on the CPU."""
        size = self.run.train.batch_size
        return self._order[(torch.arange(size) + step * size) % len(self._order)]

    def plant_ties(self) -> None:
        """Make keys of the queue equal in groups of three, for meters that have to see the most that a step may need.

        Whether equal similarities lie at the end of a selection hangs on the values, and settling them takes more
        memory. Now and then they do, and a run of thousands of steps comes to one where they do.
        """
        for queue in (self.state.queue, self.state.query_queue):
            if queue is not None:
                end = len(queue.keys) // 3 * 3
                for place in (1, 2):
                    queue.keys[place:end:3] = queue.keys[0:end:3]

    @contextmanager
    def eagerly(self) -> Iterator[None]:
        """Within it steps run eagerly on the same weights, for meters that only see operators.

        Dynamo steps aside under a dispatch mode anyway; saying so keeps that from depending on its version.
        """
        usual = self._networks
        if self.compilation == COMPILED:
            self._networks = Networks(self.state.query_encoder, self.state.key_encoder)
        try:
            yield
        finally:
            self._networks = usual

    def synchronise(self) -> None:
        """Wait until the device has finished all its work."""
        if self.numerics.device.type == "cuda":
            torch.cuda.synchronize(self.numerics.device)
