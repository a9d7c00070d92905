"""A fixed workload that resembles a training step: where its time changes, the machine changed."""

import time

import torch
from torch.nn.functional import batch_norm, conv2d, relu

MATRIX_SIZE = 512
IMAGES = (64, 16, 16, 16)
PRODUCTS, PASSES = 3, 2


class ReferenceWork:
    """Matmuls, and convolutions with normalisation, forward and backward; on the CPU.

    It uses PyTorch's current threads, those of what is measured: with more, it would wait for each core that
    somebody else holds while a step on one thread goes on. Nothing of it is random.
    """

    def __init__(self) -> None:
        self._matrix = torch.full((MATRIX_SIZE, MATRIX_SIZE), 0.5)
        self._product = torch.empty_like(self._matrix)
        ramp = torch.linspace(-1, 1, IMAGES[0] * IMAGES[1] * IMAGES[2] * IMAGES[3])
        self._images = ramp.view(IMAGES).contiguous(memory_format=torch.channels_last)
        self._weight = torch.linspace(-0.1, 0.1, IMAGES[1] * IMAGES[1] * 9).view(IMAGES[1], IMAGES[1], 3, 3)
        self._weight.requires_grad_()

    def milliseconds(self) -> float:
        """Run the workload and return its time; data evicted from the caches is loaded before."""
        self._do(1, 1)
        began = time.perf_counter()
        self._do(PRODUCTS, PASSES)
        return 1000 * (time.perf_counter() - began)

    def _do(self, products: int, passes: int) -> None:
        for _ in range(products):
            torch.mm(self._matrix, self._matrix, out=self._product)
        for _ in range(passes):
            found = self._images
            for _ in range(2):
                found = relu(batch_norm(conv2d(found, self._weight, padding=1), None, None, training=True))
            self._weight.grad = None
            torch.autograd.backward(found.mean())
