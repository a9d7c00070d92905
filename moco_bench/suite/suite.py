"""A suite file as typed, frozen configuration, and the one way to load it."""

import difflib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from moco_bench.components.plugins import Plugins, from_description, load_plugins
from moco_bench.components.registry import built_in
from moco_bench.errors import InputError
from moco_bench.suite.analysis import AnalysisConfig
from moco_bench.suite.config import (
    Budget,
    ContrastConfig,
    DatasetConfig,
    EncoderConfig,
    EvaluateConfig,
    Label,
    Section,
    TrainConfig,
)
from moco_bench.suite.encoder_spelling import PARTS
from moco_bench.suite.profiling import ProfileConfig
from moco_bench.suite.strict_yaml import read_yaml

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
IDEAS = {"negatives": "negatives", "objective": "objective", **PARTS}
"""Fields that hold an idea, and the idea's kind."""
TuneKey = Literal[
    "train.learning_rate", "train.weight_decay", "contrast.temperature", "contrast.momentum", "contrast.key_weight"
]
T = TypeVar("T", bound=Section)


def _spell_out_name(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


def _spell_out_seeds(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool):
        if not 1 <= given <= 10_000:
            raise ValueError("a number of seeds is between 1 and 10,000")
        return tuple(range(given))
    if isinstance(given, str) and given.isdecimal():
        raise ValueError(f"{given!r} is text; for a number of seeds leave the quotes out: {given}")
    return given


def _empty_for_nothing(given: Any) -> Any:
    return {} if given is None else given


class ArmConfig(Section):
    """What an arm changes, section by section, in the suite's own spelling; checked where arms meet their base."""

    encoder: dict[str, Any] = Field(default_factory=dict)
    contrast: dict[str, Any] = Field(default_factory=dict)
    train: dict[str, Any] = Field(default_factory=dict)


class Suite(Section):
    """One suite: a grid of data sets x encoders x arms x seeds, and how to evaluate and compare it."""

    name: Label
    description: Annotated[str, Field(max_length=2000)] | None = None
    datasets: tuple[Annotated[DatasetConfig, BeforeValidator(_spell_out_name)], ...] = Field(min_length=1)
    encoders: tuple[Annotated[EncoderConfig, BeforeValidator(_spell_out_name)], ...] = Field(min_length=1)
    contrast: ContrastConfig = ContrastConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
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

    @property
    def ideas(self) -> Plugins:
        """The ideas of its plug-ins."""
        return self._ideas

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
                given[f"{singular}s"] = (given.pop(singular),)
        return given


def load_suite(path: Path | str) -> Suite:
    """Read, validate and check a suite file.

    Raises:
        InputError: anything in it that can't be run, in one line.
    """
    from moco_bench.suite.checks import check_suite  # they need the expansion, which needs this module
    from moco_bench.suite.profile_checks import check_profile

    path = Path(path)
    raw = read_yaml(path)
    suite = parse_suite(raw, str(path), plugins=_plugins_of(raw, path))
    try:
        check_suite(suite)
        check_profile(suite)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return suite


def _plugins_of(raw: Any, path: Path) -> Plugins | None:
    files = raw.get("plugins") if isinstance(raw, dict) else None
    if not files or not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        return None  # nothing, or refused with the rest of the suite
    try:
        return load_plugins([path.parent / file for file in files])
    except InputError as error:
        raise InputError(f"{path}: plugins: {error}") from None


def parse_suite(raw: Any, source: str, *, plugins: Plugins | None = None) -> Suite:
    """Validate the plain values of a suite; `source` names them in messages.

    Args:
        raw: as YAML gives them.
        source: for messages.
        plugins: the ideas of the suite's plug-ins; by default what the copy of a suite has recorded of them.

    Raises:
        InputError: anything in it that can't be read.
    """
    if not isinstance(raw, dict):
        raise InputError(f"{source}: a suite is a mapping of keys such as `name`, `dataset`, `arms`")
    if plugins is None:
        plugins = from_description(_lists_as_tuples(raw.get("recorded_plugins") or ()))
    suite = validate(Suite, raw, source, plugins)
    suite._ideas = plugins
    return suite


def validate(section: type[T], raw: Any, where: str, plugins: Plugins | None = None) -> T:
    """`raw` as a section, or an `InputError` of one line that says where and suggests what would be right."""
    try:
        values = _lists_as_tuples(raw)  # pydantic's strict mode takes no list for a tuple
        return section.model_validate(values, context=plugins)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        for singular in {"dataset", "encoder"} & (raw.keys() if isinstance(raw, dict) else set()):  # as it was written
            if problems[0]["loc"][:2] == (f"{singular}s", 0):
                problems[0]["loc"] = (singular, *problems[0]["loc"][2:])
        raise InputError(f"{where}: {_explain(problems[0], section)}{more}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: {' '.join(str(error).split())[:300]}") from None


def _lists_as_tuples(raw: Any) -> Any:
    if isinstance(raw, list | tuple):
        return tuple(_lists_as_tuples(item) for item in raw)
    return {key: _lists_as_tuples(value) for key, value in raw.items()} if isinstance(raw, dict) else raw


def _explain(problem: Any, section: type[Section]) -> str:
    location = _place(problem["loc"])
    kind, context, given = problem["type"], problem.get("ctx", {}), problem.get("input")
    if kind == "extra_forbidden":
        return f"{location}: unknown key{_where_it_belongs(location, section)}"
    if kind == "missing":
        return f"{location}: missing"
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = [
            word.strip("' ")
            for word in (context.get("expected") or context["expected_tags"]).replace(" or ", ", ").split(",")
        ]
        word = context.get("tag", given)
        return f"{location}: {word!r} is none of {', '.join(allowed)}{_suggest(str(word), allowed)}"[:600]
    if kind == "string_type" and isinstance(given, (int, float)):
        what, word = ("truth value", str(given).lower()) if isinstance(given, bool) else ("number", str(given))
        return f'{location}: {word} is a {what}; for a name put it in quotes: "{word}"'
    if kind in ("int_type", "float_type") and isinstance(given, str) and _is_number(given):
        return f"{location}: {given!r} is text; for a number leave the quotes out: {given}"
    message = problem["msg"].removeprefix("Value error, ")
    plain = isinstance(given, (str, int, float, bool)) or given is None
    shown = f", not {given!r}"[:120] if plain and repr(given) not in message else ""
    return f"{location}: {message[0].lower()}{message[1:]}{shown}" if location else message


def _place(location: tuple[int | str, ...]) -> str:
    parts = list(location)
    for field, kind in IDEAS.items():  # pydantic puts the idea's name between these and the key
        if field in parts[:-1] and parts[parts.index(field) + 1] in built_in(kind):
            del parts[parts.index(field) + 1]
    for field in PARTS.keys() & set(parts):  # their settings stand beside the encoder's own
        place = parts.index(field)
        parts[place:] = parts[place + 1 :] or [next(iter(built_in(PARTS[field]).values())).tag]
    return ".".join(str(part)[:80] for part in parts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _where_it_belongs(location: str, section: type[Section]) -> str:
    """What was meant by an unknown key: one of its section, or one of another, which is named."""
    *parents, word = (part for part in location.split(".") if not part.isdigit())
    parents = [f"{part}s" if part in ("dataset", "encoder") else part for part in parents]
    if parents[:1] == ["arms"]:
        del parents[1:2]  # the arm's name
    places = keys_by_place(section)
    own = sorted(places.get(".".join(parents), ()))
    if word in own:
        return " here: it belongs to another choice than this one"
    everywhere = [*places.items(), *keys_by_place(Suite).items()]
    homes = sorted({place for place, keys in everywhere if word in keys}, key=lambda place: (place.count("."), place))
    if homes:
        return " here; it belongs to " + " or ".join(f"`{home}`" if home else "the suite itself" for home in homes[:2])
    longer = [key for key in own if word in key.split("_")]
    if len(longer) == 1:
        return f"; did you mean {longer[0]!r}?"
    return _suggest(word, own) or _suggest(word, sorted(set().union(*places.values())))


@cache
def keys_by_place(section: type[Section]) -> dict[str, frozenset[str]]:
    """The keys that may stand at every place below a section: `` -> name, arms, ...; `train` -> epochs, ..."""
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, Any]] = [("", section)]
    visited: set[tuple[str, Any]] = set()
    while waiting:
        place, annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Section):
            if (place, annotation) in visited:
                continue
            visited.add((place, annotation))
            found.setdefault(place, set()).update(set(annotation.model_fields) - set(annotation.INLINE))
            for name, field in annotation.model_fields.items():
                below = place if name in annotation.INLINE else f"{place}.{name}" if place else name
                ideas = built_in(IDEAS[name]).values() if name in IDEAS else ()
                waiting += [(below, one) for one in (field.annotation, *ideas)]
        elif get_args(annotation) and not isinstance(annotation, type(Literal["x"])):
            waiting += [(place, one) for one in get_args(annotation)]
    if section is Suite:
        found[""] |= {"dataset", "encoder"}
    return {place: frozenset(keys) for place, keys in found.items()}


def known_keys() -> list[str]:
    """Every key that a suite file may contain, at any depth."""
    return sorted(set().union(*keys_by_place(Suite).values()))
