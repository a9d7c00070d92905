"""The processes (ranks) that train one run together: one per device, each with its part of every batch.

All of them hold the same state. A step's randomness is drawn for the whole batch, each rank works on its rows, and
embeddings are gathered before the loss: every rank computes the loss of the whole batch and its gradient for its own
rows. So the loss, the negatives and the queue are those of one process, whatever the objective; what differs is the
order of sums (gradients, BatchNorm), which is rounding. One process alone is `ALONE`, where nothing of this happens.
"""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from moco_bench.errors import InputError, RankLost, RanksDisagree
from moco_bench.train.launch import RENDEZVOUS
from moco_bench.train.precision import check_given

PATIENCE = timedelta(hours=6)
"""How long a rank waits for another: rank 0 may wait for the run's lock, or load images, for hours."""


@dataclass(frozen=True)
class World:
    """This process's rank among those of its run.

    Attributes:
        rank: this process's number; rank 0 is the one that writes.
        size: how many there are.
        local_rank: its number on this machine, which is that of its device.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this is rank 0, which holds the lock, writes and prints."""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """This rank's rows of a batch of `count`."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def gather(self, rows: Tensor) -> Tensor:
        """The whole batch [B, ...] from each rank's rows [B/N, ...]; own rows receive their gradient.

        Every rank is taken to compute the same loss from the whole batch: nothing is summed over ranks on the way back.
        """
        if self.size == 1:
            return rows
        return cast(Tensor, _Gather.apply(rows, self, False))

    def shuffled(self, images: Tensor, shuffle: Tensor | None) -> Tensor:
        """This rank's rows of the whole batch in the order `shuffle` [B]; without `shuffle` the images unchanged."""
        if shuffle is None:
            return images
        if self.size == 1:
            return images[shuffle]
        return self.gather(images)[shuffle[self.rows(len(shuffle))]]

    def sum_gradients(self, module: nn.Module) -> None:
        """Add up the gradients of all ranks; each covers its rows' share of the mean loss."""
        if self.size > 1:
            _all_reduce_flat([p.grad for p in module.parameters() if p.grad is not None])

    def average_buffers(self, *modules: nn.Module) -> None:
        """Average BatchNorm's running statistics over ranks, as groups within one process are averaged."""
        if self.size > 1:
            buffers = [b for module in modules for b in module.buffers() if b.is_floating_point()]
            _all_reduce_flat(buffers, divide_by=self.size)

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank. All ranks have to call it, and all get the same answer."""
        if self.size == 1:
            return flag
        flags = torch.tensor([int(flag)])
        with _lost_rank_named():
            dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags.item())

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Call `make` on rank 0 and return its result on all ranks: tensors (on the CPU) and plain values."""
        if self.size == 1:
            return make()
        content = io.BytesIO()
        if self.first:
            torch.save(make(), content)
        size = torch.tensor([len(content.getbuffer())])
        with _lost_rank_named():
            dist.broadcast(size, 0)
            payload = torch.empty(int(size.item()), dtype=torch.uint8)
            if self.first:
                payload.copy_(torch.frombuffer(content.getbuffer(), dtype=torch.uint8))
            dist.broadcast(payload, 0)
        return torch.load(io.BytesIO(payload.numpy().tobytes()), map_location="cpu", weights_only=True)

    def check_agreement(self, digest: str) -> None:
        """Raise `RanksDisagree` if the ranks' states differ: one of the machines is broken."""
        if self.size == 1:
            return
        found: list[Any] = [None] * self.size
        with _lost_rank_named():
            dist.all_gather_object(found, digest)
        if len(set(found)) > 1:
            raise RanksDisagree(
                f"the {self.size} ranks hold different weights at the end of the run; nothing is written"
            )


ALONE = World()


def place_in_world(devices: int, environment: Mapping[str, str] = os.environ) -> World:
    """This process's rank, from the environment of torchrun or `launch`.

    Raises:
        InputError: the number of processes is not the one that the run asks for (rank 0 says so, the others end).
    """
    size, rank = int(environment.get("WORLD_SIZE", 1)), int(environment.get("RANK", 0))
    if size != devices:
        message = (
            f"torchrun started {size} processes, but the run has `train.devices: {devices}`: set it to {size}, "
            f"or start {devices if devices > 1 else 'the command without torchrun'}"
        )
        if rank == 0:
            raise InputError(message)
        raise SystemExit(2)
    return World(rank, size, int(environment.get("LOCAL_RANK", rank)))


@contextmanager
def together(world: World, *, cuda: bool, environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Within it the processes of `world` can communicate: by gloo, and by NCCL between CUDA devices."""
    if world.size == 1:
        yield
        return
    where = environment.get(RENDEZVOUS, "env://")
    with _lost_rank_named():
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if cuda else "gloo",
            init_method=where,
            rank=world.rank,
            world_size=world.size,
            timeout=PATIENCE,
        )
    try:
        yield
    finally:
        dist.destroy_process_group()


def device_of(world: World, requested: str, available: int) -> str:
    """The device of this rank: that of its local rank, if the run asks for CUDA or `auto` finds it.

    Raises:
        InputError: this machine has fewer CUDA devices than ranks, or none of those that were given to this process.
    """
    check_given(requested, available)
    if requested == "cpu" or (requested == "auto" and available == 0):
        return "cpu"
    if world.local_rank >= available:
        raise InputError(
            f"train.devices: rank {world.rank} is number {world.local_rank} on its machine, which shows {available} "
            "CUDA devices; each rank needs one"
        )
    return f"cuda:{world.local_rank}"


class _Gather(torch.autograd.Function):
    """Gathers all ranks' rows in rank order; backward passes the own rows' gradient, summed over ranks on request."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, world: World, summed: bool) -> Tensor:
        ctx.world, ctx.count, ctx.summed = world, rows.shape[0], summed
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(world.size)]
        with _lost_rank_named():
            dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        gradient = gradients[0].contiguous()
        if ctx.summed:
            with _lost_rank_named():
                dist.all_reduce(gradient)
        start = ctx.world.rank * ctx.count
        return gradient[start : start + ctx.count], None, None


def gather_summed(rows: Tensor, world: World) -> Tensor:
    """`World.gather` for computations that differ between ranks: gradients are summed over ranks."""
    return cast(Tensor, _Gather.apply(rows, world, True))


def _all_reduce_flat(tensors: Sequence[Tensor], divide_by: int = 1) -> None:
    """Sum over ranks in place, with one message per data type."""
    for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
        own = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.reshape(-1) for tensor in own])
        with _lost_rank_named():
            dist.all_reduce(flat)
        if divide_by > 1:
            flat /= divide_by
        parts = torch.split(flat, [tensor.numel() for tensor in own])
        torch._foreach_copy_(own, [part.view_as(tensor) for part, tensor in zip(parts, own, strict=True)])


@contextmanager
def _lost_rank_named() -> Iterator[None]:
    """Raise backends' errors about a lost process as `RankLost`."""
    try:
        yield
    except RuntimeError as error:
        if "memory" in str(error):
            raise
        raise RankLost(f"another process of this run has gone ({str(error).splitlines()[0][:120]})") from None
