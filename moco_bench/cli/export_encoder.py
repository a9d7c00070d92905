"""`moco-bench export-encoder`: a trained encoder for other libraries, with a model card."""

import argparse
from pathlib import Path

HELP = "write a run's encoder under the names of torchvision, timm or this package, with a model card beside it"
EXAMPLE = "moco-bench export-encoder results/cifar10/runs/cifar10/resnet18-cifar/vanilla/seed0 --to torchvision"
SUFFIXES = {"safetensors": ".safetensors", "torchvision": ".pth", "timm": ".pth"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of a finished run, .../ARM/seedN")
    parser.add_argument("--to", required=True, choices=SUFFIXES, help="whose names the weights get")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: encoder-LIBRARY.* in this folder)")


def run(options: argparse.Namespace) -> int:
    """Write both files and print their paths."""
    from moco_bench.jobs.export_encoder import export_encoder

    out = options.out or Path(f"encoder-{options.to}{SUFFIXES[options.to]}")
    card = export_encoder(options.folder, options.to, out)
    print(out)
    print(card)
    return 0
