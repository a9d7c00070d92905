"""The key `encoder.checkpoint`: weights that somebody else trained."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from moco_bench.components.base import Settings
from moco_bench.suite.config.dataset import NormaliseConfig


class CheckpointConfig(Settings):
    """Weights that were trained elsewhere: they are evaluated, not trained."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="A safetensors file, or one of torch that holds tensors only; with `{seed}` in its name, one file "
        "for each seed."
    )
    normalise: NormaliseConfig | None = Field(
        None,
        description="The normalisation that the encoder was trained with; by default what the file says, else the "
        "data set's.",
    )

    @property
    def by_seed(self) -> bool:
        """Whether each seed has a file of its own."""
        return "{seed}" in self.file

    def of_seed(self, seed: int) -> Path:
        """The file that holds a seed's encoder."""
        return Path(self.file.replace("{seed}", str(seed)))


def spell_out_file(given: Any) -> Any:
    """Accept a name alone as `file`."""
    return {"file": given} if isinstance(given, str) else given
