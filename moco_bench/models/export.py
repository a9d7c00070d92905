"""Exports a trained backbone under the names that other libraries give its weights."""

from typing import Literal

from torch import Tensor

from moco_bench.components.backbones.of_timm import TimmModel
from moco_bench.components.backbones.of_torchvision import TorchvisionModel
from moco_bench.components.backbones.resnet_cifar import CifarResNet
from moco_bench.errors import InputError
from moco_bench.models.trained import TrainedEncoder
from moco_bench.suite.config import EncoderConfig

Library = Literal["safetensors", "torchvision", "timm"]


def exported_weights(trained: TrainedEncoder, library: Library) -> dict[str, Tensor]:
    """The weights under `library`'s names; `safetensors` keeps ours and includes the head.

    timm's ResNets have torchvision's names.

    Raises:
        InputError: the library has no such network.
    """
    weights = {name: tensor.detach().contiguous().cpu() for name, tensor in trained.encoder.state_dict().items()}
    if library == "safetensors":
        return weights
    network_of(trained, library)
    return {name.removeprefix("backbone."): tensor for name, tensor in weights.items() if name.startswith("backbone.")}


def network_of(trained: TrainedEncoder, library: Library) -> str:
    """The name of the network in `library`. Raises `InputError` where there is none."""
    backbone = EncoderConfig.model_validate(trained.record["config"]["encoder"], strict=False).backbone
    if isinstance(backbone, CifarResNet):
        return backbone.network
    if isinstance(backbone, TorchvisionModel) and (library == "torchvision" or backbone.model.startswith("resnet")):
        return backbone.model
    if isinstance(backbone, TimmModel) and library == "timm":
        return backbone.model
    raise InputError(f"{library} has no network like {backbone.title()}; `--to safetensors` keeps this package's names")


def how_to_load(trained: TrainedEncoder, library: Library, file: str) -> str:
    """Python that loads the exported file."""
    backbone = trained.record["config"]["encoder"]["name"]
    if library == "safetensors":
        return f'from safetensors.torch import load_file\n\nweights = load_file("{file}")\n'
    network, channels = network_of(trained, library), trained.channels
    small = backbone.endswith("-cifar")
    stem = (
        f"network.conv1 = torch.nn.Conv2d({channels}, network.conv1.out_channels, 3, padding=1, bias=False)\n"
        "network.maxpool = torch.nn.Identity()\n"
    )
    if library == "timm" and not small:
        return (
            "import timm\n\n"
            f'network = timm.create_model("{network}", num_classes=0, in_chans={channels}, checkpoint_path="{file}")\n'
        )
    make = (
        f'timm.create_model("{network}", num_classes=0, in_chans={channels})'
        if library == "timm"
        else f'torchvision.models.get_model("{network}", weights=None)'
    )
    strict = "" if library == "timm" else ", strict=False"  # the classifier has no weights here
    return (
        f"import {library}\nimport torch\n\nnetwork = {make}\n{stem if small else ''}"
        f'network.load_state_dict(torch.load("{file}", weights_only=True){strict})\n'
    )
