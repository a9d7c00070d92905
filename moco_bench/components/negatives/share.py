"""The base of rules that count keys by rank."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from moco_bench.components.base import Count, Fraction
from moco_bench.components.negatives.base import Selection


class Share(Selection):
    """A number of keys, given as `count` or as a `fraction` of the queue: k = max(1, round(fraction K))."""

    default_fraction: ClassVar[float] = 0.25
    ways: ClassVar[tuple[str, ...]] = ("fraction", "count")
    """Fields that say how many keys; one of them is given."""

    fraction: Fraction | None = Field(None, description="Part of the queue; exclusive with `count`.")
    count: Count | None = Field(None, description="Number of keys; exclusive with `fraction`.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_default(cls, given: Any) -> Any:
        # Spelt out, so that `hardest` and `hardest 25 %` are one run with one fingerprint.
        if isinstance(given, dict) and all(given.get(way) is None for way in cls.ways):
            return {**given, "fraction": cls.default_fraction}
        return given

    @model_validator(mode="after")
    def _exclusive(self) -> Self:
        given = [way for way in self.ways if getattr(self, way) is not None]
        if len(given) > 1:
            raise ValueError(f"give `{given[0]}` or `{given[1]}`, not both")
        return self

    def size(self, queue_size: int) -> int:
        """The number of keys. Raises `ValueError` where the queue holds fewer."""
        if self.count is None:
            return max(1, round((self.fraction or 0) * queue_size))
        if self.count > queue_size:
            raise ValueError(f"count must be at most {queue_size}, the size of the queue, got {self.count}")
        return self.count

    def dropped(self, queue_size: int) -> int:
        """As `size`, for a rule that drops these keys: at least one has to be left. Raises `ValueError`."""
        size = self.size(queue_size)
        if size >= queue_size:
            raise ValueError(
                f"{self.title()} drops all {queue_size} keys of the queue and leaves no negative; "
                f"at most {queue_size - 1} can be dropped"
            )
        return size
