"""The momentum encoder: an exponential moving average of the query encoder (MoCo, He et al. 2020, equation 2)."""

import torch
from torch import nn


@torch.no_grad()
def update_momentum_encoder(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float) -> None:
    """Move the key encoder's parameters towards the query encoder's: k <- m k + (1 - m) q, in place.

    Parameters only. Buffers stay as they are: the key encoder runs in training mode and its BatchNorm layers keep
    statistics of the batches that it saw itself.

    Raises:
        ValueError: `momentum` is outside [0, 1], or the two encoders differ in their parameters.
    """
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must lie in [0, 1], got {momentum}")
    queries, keys = dict(query_encoder.named_parameters()), dict(key_encoder.named_parameters())
    if [(name, p.shape) for name, p in queries.items()] != [(name, p.shape) for name, p in keys.items()]:
        raise ValueError("key_encoder must have the names and shapes of query_encoder's parameters")
    if keys:
        # One call over all tensors: a loop is bound by the launches of some sixty small kernels.
        torch._foreach_lerp_(list(keys.values()), list(queries.values()), 1 - momentum)
