"""Checks of the tensors that the losses take. Shapes and types only: values would cost a wait for a GPU."""

import torch
from torch import Tensor


def check_rows(query: Tensor, key: Tensor, queue: Tensor) -> None:
    """Refuse embeddings that don't belong together.

    Raises:
        ValueError: a shape, type or device is wrong; one line that names the argument.
    """
    if query.ndim != 2 or 0 in query.shape:
        raise ValueError(f"query must have shape [B, D], got {list(query.shape)}")
    _check_type("query", query)
    if key.shape != query.shape:
        raise ValueError(f"key must have the shape of query, {list(query.shape)}, got {list(key.shape)}")
    _check_type("key", key)
    _check_device("key", key, query)
    check_queue("queue", queue, query)


def check_queue(name: str, queue: Tensor, query: Tensor) -> None:
    """Refuse a queue whose rows aren't embeddings like the queries.

    Raises:
        ValueError: its shape, type or device is wrong; one line that names the argument.
    """
    if queue.ndim != 2 or queue.shape[0] == 0 or queue.shape[1] != query.shape[1]:
        raise ValueError(f"{name} must have shape [K, {query.shape[1]}], got {list(queue.shape)}")
    _check_type(name, queue)
    _check_device(name, queue, query)


def check_images(query: Tensor, queue: Tensor, sample_index: Tensor | None, queue_index: Tensor | None) -> None:
    """Refuse indices of images that don't fit the embeddings.

    Raises:
        ValueError: only one of the two is given, or one doesn't fit; one line that names the argument.
    """
    if (sample_index is None) != (queue_index is None):
        missing = "sample_index" if sample_index is None else "queue_index"
        raise ValueError(f"{missing} is missing: sample_index and queue_index are given together or not at all")
    check_integers("sample_index", sample_index, query)
    check_integers("queue_index", queue_index, queue)


def check_integers(name: str, values: Tensor | None, rows: Tensor) -> None:
    """Refuse `values` that aren't one integer for each of `rows`. None is fine.

    Raises:
        ValueError: its shape, type or device is wrong; one line that names the argument.
    """
    if values is None:
        return
    if values.shape != rows.shape[:1]:
        raise ValueError(f"{name} must have shape [{rows.shape[0]}], got {list(values.shape)}")
    if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
        raise ValueError(f"{name} must be of an integer type, got {values.dtype}")
    _check_device(name, values, rows)


def _check_type(name: str, rows: Tensor) -> None:
    if not rows.is_floating_point():
        raise ValueError(f"{name} must be of a floating point type, got {rows.dtype}")


def _check_device(name: str, tensor: Tensor, other: Tensor) -> None:
    if tensor.device != other.device:
        raise ValueError(f"{name} must be on the device of the embeddings, {other.device}, got {tensor.device}")
