"""A network of timm as a backbone."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Backbone, Built


class SmallTimm(Backbone):
    """timm's ResNet with narrow stages and a stem for small images."""

    source: ClassVar[str] = "Wightman 2019, PyTorch Image Models (timm)"
    smallest_image: ClassVar[int] = 16

    name: Literal["small-timm"] = "small-timm"
    width: int = Field(16, ge=4, description="Channels of the first stage; each further one has twice as many.")

    def build(self, channels, image_size, norm_layer):
        """Without a classifier."""
        from timm.models.resnet import BasicBlock, ResNet

        widths = tuple(self.width * 2**stage for stage in range(4))
        network = ResNet(
            BasicBlock, (1, 1, 1, 1), num_classes=0, in_chans=channels, channels=widths, stem_width=self.width // 2,
            stem_type="deep", replace_stem_pool=True, norm_layer=norm_layer,
        )  # fmt: skip
        return Built(network, network.num_features)
