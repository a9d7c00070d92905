"""BatchNorm across ranks, with the statistics that one process would have used.

With `batch_norm_groups` G and N ranks, each rank has G/N of the groups. With G = 1 the statistics are the whole
batch's, gathered from all ranks.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from moco_bench.models.normalisation import SplitBatchNorm
from moco_bench.train.world import World, gather_summed


def spread_batch_norm(module: nn.Module, world: World) -> bool:
    """Change every BatchNorm of `module` in place for its rank's part of a batch; names in `state_dict` stay.

    Returns:
        Whether some layer gathers its statistics in the forward pass.
    """
    if world.size == 1:
        return False
    gathers = False
    for name, child in list(module.named_children()):
        if isinstance(child, SplitBatchNorm):
            child.groups //= world.size
        elif isinstance(child, _BatchNorm):
            setattr(module, name, _WholeBatchNorm(child, world))
            gathers = True
        else:
            gathers |= spread_batch_norm(child, world)
    return gathers


class _WholeBatchNorm(nn.BatchNorm2d):
    """BatchNorm of a rank's [B/N, C, H, W] or [B/N, C] with the statistics of the whole batch."""

    def __init__(self, plain: _BatchNorm, world: World) -> None:
        super().__init__(plain.num_features, plain.eps, plain.momentum, plain.affine, plain.track_running_stats)
        self.weight, self.bias = plain.weight, plain.bias
        self.running_mean, self.running_var = plain.running_mean, plain.running_var
        self.num_batches_tracked = plain.num_batches_tracked
        self.world = world

    def _check_input_dim(self, input: Tensor) -> None:
        """Accept both shapes."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        across = [dimension for dimension in range(input.dim()) if dimension != 1]
        values = input.float()
        own_var, own_mean = torch.var_mean(values, dim=across, correction=0)
        gathered = gather_summed(torch.cat([own_mean, own_var]).unsqueeze(0), self.world)
        means, variances = gathered.chunk(2, dim=1)
        mean = means.mean(dim=0)
        variance = variances.mean(dim=0) + (means - mean).square().mean(dim=0)
        self._track(mean, variance, values.numel() // values.shape[1] * self.world.size)
        shape = [1, -1] + [1] * (input.dim() - 2)
        scale = (variance + self.eps).rsqrt() * self.weight
        shift = self.bias - mean * scale
        return torch.addcmul(shift.view(shape), values, scale.view(shape)).to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
