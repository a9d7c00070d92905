"""Augmentations: how the two views of an image are drawn. One idea per file."""

from moco_bench.components.augmentations.base import Augmentation as Augmentation
from moco_bench.components.augmentations.moco import MocoRecipe as MocoRecipe
