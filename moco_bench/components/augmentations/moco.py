"""The augmentations of MoCo's CIFAR-10 demo, with blur and solarisation beside them."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components.augmentations.base import Augmentation
from moco_bench.components.base import Fraction, Positive, Probability

JITTER = ("brightness", "contrast", "saturation", "hue")


class MocoRecipe(Augmentation):
    """Resized crop, flip, colour jitter, grayscale, blur and solarisation. Defaults: MoCo's CIFAR-10 demo.

    `moco_bench.data.views` makes both views of a step at once, from parameters that are drawn before.
    """

    source: ClassVar[str] = "MoCo's CIFAR-10 demo (arXiv 1911.05722); blur and solarisation after arXiv 2006.07733"
    unnamed: ClassVar[bool] = True

    name: Literal["moco"] = "moco"
    crop_scale: tuple[Fraction, Fraction] = Field((0.08, 1.0), description="Area of the random crop, as parts.")
    crop_ratio: tuple[Positive, Positive] = Field((0.75, 4 / 3), description="Width to height of the crop.")
    flip: Probability = Field(0.5, description="Probability of a horizontal flip.")
    jitter_probability: Probability = Field(0.8, description="Probability of the colour jitter.")
    brightness: Probability = Field(0.4, description="Strength of the jitter.")
    contrast: Probability = Field(0.4, description="Strength of the jitter.")
    saturation: Probability = Field(0.4, description="Strength of the jitter.")
    hue: float = Field(0.1, ge=0, le=0.5, description="Strength of the jitter, in turns.")
    grayscale: Probability = Field(0.2, description="Probability of losing all colour.")
    blur: Probability = Field(0.0, description="Probability of a Gaussian blur, sigma 0.1-2.")
    solarize: Probability = Field(0.0, description="Probability of inverting values above a half.")

    def check(self) -> None:
        for name in ("crop_scale", "crop_ratio"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: {low} is above {high}; give [smallest, largest]")

    def without_effect(self) -> tuple[str, ...]:
        idle = self.jitter_probability == 0 or not any(getattr(self, name) for name in JITTER)
        return ("jitter_probability", *JITTER) if idle else ()

    @classmethod
    def mistake(cls) -> str | None:
        return None
