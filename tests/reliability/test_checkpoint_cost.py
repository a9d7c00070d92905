"""What checkpoints cost a run of the quickstart."""

import time
from pathlib import Path

import pytest

from moco_bench.data.datasets import load_dataset
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import find_run
from moco_bench.train.loop import Trainer
from moco_bench.train.pretrain import pretrain

QUICKSTART = Path(__file__).parents[2] / "config" / "quickstart.yaml"


@pytest.mark.soak
@pytest.mark.alone
def test_checkpoints_cost_at_most_two_percent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = find_run(load_suite(QUICKSTART), "fashion-scenes-5k/resnet-compact/both/seed0")
    saves: list[float] = []
    save = Trainer.save

    def timed(trainer: Trainer) -> None:
        began = time.perf_counter()
        save(trainer)
        saves.append(time.perf_counter() - began)

    monkeypatch.setattr(Trainer, "save", timed)
    trained = pretrain(run, load_dataset(run.dataset), tmp_path)

    seconds = trained.state.progress.times.train_seconds
    size = (tmp_path / "latest.ckpt").stat().st_size / 2**20
    print(
        f"\n{len(saves)} checkpoints of {size:.1f} MiB took {1000 * sum(saves):.0f} ms of {seconds:.1f} s "
        f"of training: {100 * sum(saves) / seconds:.2f} %"
    )
    assert sum(saves) <= 0.02 * seconds
