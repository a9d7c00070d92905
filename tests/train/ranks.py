"""One of several processes that train the toy runs together.

The folder holds `cases.pt`: the data set, and a run for each name; each rank leaves `NAME.RANK.pt` of every run there.

They compute in float64 throughout. In float32 a toy run amplifies rounding to percents within 50 steps, in one process
as in two: nothing could be told from that.
"""

import os
from pathlib import Path

import torch

from moco_bench.data.views import RecipeViews
from moco_bench.train.pretrain import Pretrained, pretrain
from moco_bench.train.world import World, together


def what_is_left(pretrained: Pretrained) -> dict[str, object]:
    """What is compared: the losses, everything that training changes, and what was drawn."""
    state = pretrained.state
    return {
        "losses": [[row[name] or 0.0 for name in ("train_loss", "query_loss")] for row in state.progress.history],
        "encoder": state.query_encoder.state_dict(),
        "key_encoder": state.key_encoder.state_dict(),
        "queue": state.queue.state_dict(),
        "query_queue": state.query_queue.state_dict() if state.query_queue is not None else {},
        "hashes": [state.progress.order_hash.state, state.progress.augment_hash.state],
    }


def compute_in_float64() -> None:
    """For all of this process but the views, which are made sample by sample in float32, and then widened."""
    in_float32, as_double, apply = torch.Tensor.float, torch.Tensor.double, RecipeViews.apply

    def set_precision(dtype: torch.dtype) -> None:
        torch.set_default_dtype(dtype)
        torch.Tensor.float = as_double if dtype == torch.float64 else in_float32  # type: ignore[method-assign]

    def widened(*arguments: object) -> torch.Tensor:
        set_precision(torch.float32)
        views = apply(*arguments)  # type: ignore[arg-type]
        set_precision(torch.float64)
        return views.double()

    RecipeViews.apply = widened  # type: ignore[method-assign, assignment]
    set_precision(torch.float64)


def be_a_rank(rank: int, size: int, folder: Path) -> None:
    """Train all cases, to the end of this process."""
    os.dup2(os.open(folder / f"{rank}.errors", os.O_WRONLY | os.O_CREAT), 2)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    compute_in_float64()
    dataset, runs = torch.load(folder / "cases.pt", weights_only=False)
    world = World(rank, size, rank)
    environment = {"MOCO_BENCH_RENDEZVOUS": f"file://{folder / 'store'}"}
    with together(world, cuda=False, environment=environment):
        for name, run in runs.items():
            pretrained = pretrain(run, dataset, folder / "checkpoints" / name, device="cpu", world=world)
            torch.save(what_is_left(pretrained), folder / f"{name}.{rank}.pt")
            (folder / "checkpoints" / name / "latest.ckpt").unlink(missing_ok=True)
