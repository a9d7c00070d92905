"""Copies tensors from the CPU to the device without synchronising."""

import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on `device`; the tensor itself where that is the CPU.

    A copy from pageable memory makes the CPU wait until the device has come to it. One from pinned memory is put into
    the device's queue like any other operation.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
