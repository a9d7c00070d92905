"""Turns plain values into typed sections; errors are one line that suggests a correction."""

from functools import cache
from typing import Any, Literal, TypeVar, get_args

from pydantic import ValidationError

from moco_bench.components.base import Settings
from moco_bench.components.plugins import Plugins
from moco_bench.components.registry import built_in
from moco_bench.errors import InputError, did_you_mean, one_line
from moco_bench.suite.config import DatasetConfig, EncoderConfig
from moco_bench.suite.plain_words import in_plain_words
from moco_bench.suite.suite import Suite

INLINED = {**EncoderConfig.INLINE, **DatasetConfig.INLINE}
"""Fields that hold an idea whose settings are written beside the section's own."""

IDEAS = {"negatives": "negatives", "objective": "objective", "augment": "augmentation", **INLINED}
"""Fields that hold an idea, and the idea's kind."""
T = TypeVar("T", bound=Settings)


def validate(section: type[T], raw: Any, where: str, plugins: Plugins | None = None) -> T:
    """`raw` as a section, or an `InputError` of one line with the place and a correction."""
    try:
        values = tuples_for_lists(raw)  # pydantic's strict mode takes no list for a tuple
        return section.model_validate(values, context=plugins)
    except ValidationError as error:
        problems = _worth_telling(error.errors(include_url=False))
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        for singular in {"dataset", "encoder"} & (raw.keys() if isinstance(raw, dict) else set()):  # as it was written
            if problems[0]["loc"][:2] == (f"{singular}s", 0):
                problems[0]["loc"] = (singular, *problems[0]["loc"][2:])
        raise InputError(f"{where}: {_explain(problems[0], section)}{more}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: {one_line(error)[:300]}") from None


def tuples_for_lists(raw: Any) -> Any:
    """The same values with tuples instead of lists, as frozen sections hold them."""
    if isinstance(raw, list | tuple):
        return tuple(tuples_for_lists(item) for item in raw)
    return {key: tuples_for_lists(value) for key, value in raw.items()} if isinstance(raw, dict) else raw


def _worth_telling(problems: list[Any]) -> list[Any]:
    """One for each mistake.

    A list whose members are wrong is called too short as well, and a key that is misspelt is missing as well.
    """
    return [one for one in problems if not any(_follows(one["type"], one["loc"], other) for other in problems)]


def _follows(kind: str, place: tuple[int | str, ...], cause: Any) -> bool:
    if kind == "too_short":
        return len(cause["loc"]) > len(place) and cause["loc"][: len(place)] == place
    if kind == "missing" and cause["type"] == "extra_forbidden":
        return bool(cause["loc"][:-1] == place[:-1] and did_you_mean(str(cause["loc"][-1]), [str(place[-1])]))
    return False


def _explain(problem: Any, section: type[Settings]) -> str:
    location = _place(problem["loc"])
    kind, context, given = problem["type"], problem.get("ctx", {}), problem.get("input")
    if kind == "extra_forbidden":
        return f"{location}: unknown key{_where_it_belongs(location, section)}"
    if kind == "missing":
        return f"{location}: missing; give it a value"
    if kind == "union_tag_not_found":
        key = context["discriminator"].strip("'")
        return f"{location}.{key}: missing; give it a value"
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = [
            word.strip("' ")
            for word in (context.get("expected") or context["expected_tags"]).replace(" or ", ", ").split(",")
        ]
        word = context.get("tag", given)
        return f"{location}: {word!r} is none of {', '.join(allowed)}{did_you_mean(str(word), allowed)}"[:600]
    message: str = problem["msg"].removeprefix("Value error, ")
    if kind == "value_error" and not location:
        return message
    return f"{location}: {in_plain_words(kind, given, context, message)}"


def _place(location: tuple[int | str, ...]) -> str:
    parts = list(location)
    for field, kind in IDEAS.items():  # pydantic puts the idea's name between these and the key
        if field in parts[:-1] and parts[parts.index(field) + 1] in built_in(kind):
            del parts[parts.index(field) + 1]
    for field in INLINED.keys() & set(parts):
        place = parts.index(field)
        parts[place:] = parts[place + 1 :] or [next(iter(built_in(INLINED[field]).values())).tag]
    return ".".join(str(part)[:80] for part in parts if part != "[key]")


def _where_it_belongs(location: str, section: type[Settings]) -> str:
    """A suggestion for an unknown key: a key of its section, or the section that it belongs to."""
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
    return did_you_mean(word, own) or did_you_mean(word, sorted(set().union(*places.values())))


@cache
def keys_by_place(section: type[Settings]) -> dict[str, frozenset[str]]:
    """The keys allowed at every place below a section: `` -> name, arms, ...; `train` -> epochs, ..."""
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, Any]] = [("", section)]
    visited: set[tuple[str, Any]] = set()
    while waiting:
        place, annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Settings):
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
