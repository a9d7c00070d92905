"""Bytes of the tensors that Python can reach: an independent check of the allocation meter."""

import gc

import torch
from torch import Tensor


def bytes_held(device: torch.device) -> int:
    """Bytes of all tensors on `device` that the garbage collector knows, and of their gradients, views counted once.

    Between two steps nothing else holds a tensor: what autograd saved is gone by then.
    """
    sizes: dict[int, int] = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), Tensor):  # `isinstance` would ask proxies what they pretend to be
            for tensor in (thing, thing.grad if thing.is_leaf else None):
                _note(tensor, device, sizes)
    return sum(sizes.values())


def _note(tensor: Tensor | None, device: torch.device, sizes: dict[int, int]) -> None:
    if tensor is None or tensor.device.type != device.type or tensor.layout != torch.strided:
        return
    storage = tensor.untyped_storage()
    sizes[storage._cdata] = storage.nbytes()
