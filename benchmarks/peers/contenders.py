"""The contenders in the benchmark of one encoder, all with equal weights, and why others are absent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import torch
from torch.nn.functional import normalize

from benchmarks.peers.demo import DemoLoop
from benchmarks.peers.lightly_loop import LightlyLoop, why_absent
from benchmarks.peers.own import OwnLoop, Precision, own_name, run_of
from benchmarks.peers.pil_loop import PilLoop
from benchmarks.peers.settings import Timing, Workload
from moco_bench.data.datasets import DataSet
from moco_bench.models.encoder import Encoder
from moco_bench.suite.config import TrainConfig
from moco_bench.train.randomness import stream
from moco_bench.train.state import initial_encoder

Absent = dict[str, str]
"""Why a contender is absent, by its name."""

NO_BFLOAT16 = "no bfloat16 in hardware"


@dataclass(frozen=True)
class LineUp:
    """The contenders on one encoder: what they train, on what, and in which precisions."""

    encoder: str
    dataset: DataSet
    workload: Workload
    timing: Timing
    device: torch.device
    precisions: Sequence[Precision]
    compiled: bool = False

    def own(self) -> tuple[list[OwnLoop], Absent]:
        """This package's contenders, eager float32 first, and those that are absent."""
        loops: list[OwnLoop] = []
        absent: Absent = {}
        for precision in get_args(Precision):
            for compile_it in (False, True) if self.compiled else (False,):
                if precision not in self.precisions:
                    absent[own_name(precision, compiled=compile_it)] = NO_BFLOAT16
                    continue
                loop = OwnLoop(
                    self.encoder,
                    self.dataset,
                    precision,
                    self.workload,
                    self.timing,
                    device=str(self.device),
                    compiled=compile_it,
                )
                if compile_it and loop.stepper.compilation != "compiled":
                    absent[loop.name] = loop.stepper.compilation
                else:
                    loops.append(loop)
        return loops, absent

    def peers(self) -> tuple[list[PilLoop], Absent]:
        """Its peers, and those that are absent."""
        contrast, workers, dataset, device = self.workload.contrast, self.timing.workers, self.dataset, self.device
        train = TrainConfig(batch_size=self.workload.batch_sizes[self.encoder], augment=self.workload.augment)
        run = run_of(self.encoder, self.workload, train)
        dimension = run.encoder.dimension

        def fresh() -> Encoder:
            _, channels, height, width = dataset.train.images.shape
            return initial_encoder(run, channels=channels, image_size=min(height, width))

        def lightly(*, autocast: bool) -> LightlyLoop:
            return LightlyLoop(
                fresh(),
                fresh(),
                dataset,
                contrast=contrast,
                train=train,
                dimension=dimension,
                workers=workers,
                device=device,
                autocast=autocast,
            )

        noise = torch.randn(contrast.queue_size, dimension, generator=stream(run.seed, "queue"))
        demo = DemoLoop(
            fresh(),
            fresh(),
            dataset,
            queue=normalize(noise, dim=1),
            contrast=contrast,
            train=train,
            workers=workers,
            device=device,
        )
        reason = why_absent()
        if reason is not None:
            return [demo], {"lightly": reason, "lightly_bfloat16": reason}
        if "bfloat16" not in self.precisions:
            return [lightly(autocast=False), demo], {"lightly_bfloat16": NO_BFLOAT16}
        return [lightly(autocast=False), lightly(autocast=True), demo], {}
