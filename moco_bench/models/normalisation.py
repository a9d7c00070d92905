"""BatchNorm over parts of a batch, as on several devices."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from moco_bench.errors import InputError


class SplitBatchNorm(nn.BatchNorm2d):
    """BatchNorm over `groups` consecutive parts of a batch, each normalised by its own statistics.

    With one device, statistics over the whole batch let an encoder tell from them which keys belong together; MoCo
    (He et al. 1911.05722, section 3.3) splits the batch over devices and shuffles the keys. This is the one-device form
    of the MoCo authors' CIFAR-10 demo: running statistics move by the mean over the groups, and evaluation mode is
    plain BatchNorm. The demo interleaves its groups, ours are consecutive: the shuffle makes the two the same in
    distribution, and consecutive parts need no copy of a channels-last batch.
    """

    def __init__(self, num_features: int, groups: int) -> None:
        super().__init__(num_features)
        if groups < 1:
            raise InputError(f"batch_norm_groups is {groups}: there is at least one group")
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """Normalise [B, C, H, W].

        Raises:
            InputError: in training mode, B is not a multiple of `groups`.
        """
        if not self.training:
            return super().forward(input)
        if input.shape[0] % self.groups:
            raise InputError(
                f"a batch of {input.shape[0]} can't be split into {self.groups} equal BatchNorm groups: "
                "choose batch_size as a multiple of batch_norm_groups"
            )
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        means = self.running_mean.repeat(self.groups, 1)
        variances = self.running_var.repeat(self.groups, 1)
        parts = [
            functional.batch_norm(part, mean, variance, self.weight, self.bias, True, self.momentum, self.eps)
            for part, mean, variance in zip(input.chunk(self.groups), means, variances, strict=True)
        ]
        with torch.no_grad():
            self.running_mean.copy_(means.mean(dim=0))
            self.running_var.copy_(variances.mean(dim=0))
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        return torch.cat(parts)
