"""A suite file as typed, frozen configuration."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from moco_bench.components.base import Settings
from moco_bench.components.plugins import Plugins
from moco_bench.errors import InputError
from moco_bench.suite import config
from moco_bench.suite.config import Budget, Label
from moco_bench.suite.config.analysis import AnalysisConfig
from moco_bench.suite.config.profile import ProfileConfig

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
TuneKey = Literal[
    "train.learning_rate", "train.weight_decay", "contrast.temperature", "contrast.momentum", "contrast.key_weight"
]


def _spell_out_name(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


def _spell_out_seeds(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool):
        if not 1 <= given <= 10_000:
            raise ValueError("a number of seeds is between 1 and 10,000")
        return tuple(range(given))
    if isinstance(given, str) and given.isdecimal():
        raise ValueError(f"{given!r} is text; for a number of seeds leave the quotes out: {given}")
    if not isinstance(given, (list, tuple)):
        raise ValueError("a number of seeds such as 8, or a list such as [0, 1, 2], is needed")
    return given


def _empty_for_nothing(given: Any) -> Any:
    return {} if given is None else given


class ArmConfig(Settings):
    """What an arm changes, section by section, in the suite's own spelling; checked where arms meet their base."""

    encoder: dict[str, Any] = Field(default_factory=dict)
    contrast: dict[str, Any] = Field(default_factory=dict)
    train: dict[str, Any] = Field(default_factory=dict)


class Suite(Settings):
    """One suite: a grid of data sets x encoders x arms x seeds, and how to evaluate and compare it."""

    name: Label
    description: Annotated[str, Field(max_length=2000)] | None = None
    datasets: tuple[Annotated[config.DatasetConfig, BeforeValidator(_spell_out_name)], ...] = Field(min_length=1)
    encoders: tuple[Annotated[config.EncoderConfig, BeforeValidator(_spell_out_name)], ...] = Field(min_length=1)
    contrast: config.ContrastConfig = config.ContrastConfig()
    train: config.TrainConfig = config.TrainConfig()
    evaluate: config.EvaluateConfig = config.EvaluateConfig()
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=10_000), BeforeValidator(_spell_out_seeds)] = (0,)
    repeat_seeds: tuple[Seed, ...] = Field((), description="Seeds that run a second time: the noise floor.")
    budgets: tuple[Budget, ...] = Field(
        ("epochs",),
        min_length=1,
        description="At what the arms are equal: `epochs`, and in runs of their own at the baseline's training time "
        "(`seconds`) or arithmetic (`flops`).",
    )
    tune: dict[TuneKey, Annotated[tuple[float, ...], Field(min_length=1, max_length=32)]] = Field(
        default_factory=dict,
        description="Keys with candidate values: each arm searches as many combinations on held-out training "
        "images, and its runs take the best.",
    )
    baseline: Label = Field("vanilla", description="The arm that others are compared with; it may change nothing.")
    arms: dict[Label, Annotated[ArmConfig, BeforeValidator(_empty_for_nothing)]] = Field(min_length=1, max_length=1000)
    contrasts: dict[Label, tuple[Label, Label]] = Field(
        default_factory=dict, description="Name: [treatment arm, control arm], beside the 2x2's effects."
    )
    analysis: AnalysisConfig = AnalysisConfig()
    profile: ProfileConfig | None = Field(None, description="Measure memory and time of every arm's step.")
    plugins: tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...] = Field(
        (), description="Files with ideas of your own, beside the suite file: `[ideas/debias.py]`."
    )
    recorded_plugins: tuple[dict[str, Any], ...] = Field(
        (), description="Written into a suite's copy in the results, so that it can be read without the plug-ins."
    )
    _ideas: Plugins = PrivateAttr(default_factory=Plugins)

    def __hash__(self) -> int:
        """Caches tell suites apart by the object: the mappings in them have no hash."""
        return id(self)

    @property
    def ideas(self) -> Plugins:
        """The ideas of its plug-ins."""
        return self._ideas

    def dataset(self, title: str) -> config.DatasetConfig:
        """The data set of this title. Raises `InputError`."""
        found = {dataset.title: dataset for dataset in self.datasets}
        if title not in found:
            raise InputError(f"suite {self.name} has no data set {title!r}; it has {', '.join(found)}")
        return found[title]

    @model_validator(mode="before")
    @classmethod
    def _singular_or_plural(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        for singular in ("dataset", "encoder"):
            if singular in given:
                if f"{singular}s" in given:
                    raise ValueError(f"give `{singular}` or `{singular}s`, not both")
                if isinstance(given[singular], (list, tuple)):
                    raise ValueError(f"`{singular}` is a single one; write `{singular}s` for a list")
                given[f"{singular}s"] = (given.pop(singular),)
        return given
