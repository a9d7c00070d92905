"""The whole queue."""

from typing import ClassVar, Literal

from moco_bench.components.negatives.base import Selection


class All(Selection):
    """Every key of the queue."""

    source: ClassVar[str] = "MoCo, He et al. 2020 (arXiv 1911.05722)"
    filters: ClassVar[bool] = False

    rule: Literal["all"] = "all"
