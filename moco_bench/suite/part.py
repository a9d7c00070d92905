"""Parts of a suite's runs for several machines; suite, registration and fingerprints stay the same.

A part takes whole seeds (of a data set and encoder), so that the arms that are compared are trained on one machine.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from moco_bench.errors import InputError
from moco_bench.suite.plan import SuitePlan
from moco_bench.suite.runs import Run

VARIABLE = "MOCO_BENCH_PART"
"""Environment variable that names the part that the workflow runs: `1/4`, or `seeds 0-3`."""


@dataclass(frozen=True)
class Part:
    """The `shard`th of `of` equal parts, numbered from 1; or the seeds from `first` to `last`."""

    shard: int = 1
    of: int = 1
    first: int = 0
    last: int | None = None

    @property
    def name(self) -> str:
        """A name that fits into a file's name."""
        return f"{self.shard}-of-{self.of}" if self.last is None else f"seeds-{self.first}-{self.last}"

    def of_runs(self, runs: Sequence[Run]) -> list[Run]:
        """The runs of this part, in their order.

        Raises:
            InputError: there are none, or fewer seeds than were asked for.
        """
        groups = {group: number for number, group in enumerate(dict.fromkeys(map(_together, runs)))}
        if self.last is not None:
            chosen = [run for run in runs if self.first <= run.seed <= self.last]
        else:
            chosen = [run for run in runs if groups[_together(run)] % self.of == self.shard - 1]
        seeds = sorted({run.seed for run in runs})
        if not chosen:
            raise InputError(
                f"part {self.name}: the suite has no such runs; its seeds are {seeds[0]} to {seeds[-1]}, and it can be "
                f"cut into {len(groups)} parts at most"
            )
        absent = [] if self.last is None else [seed for seed in (self.first, self.last) if seed not in seeds]
        if absent:
            raise InputError(
                f"part {self.name}: the suite has no seed {absent[0]}; its seeds are {seeds[0]} to {seeds[-1]}"
            )
        return chosen


def parse_shard(text: str) -> Part:
    """Parse a text such as `1/4`. Raises `InputError`."""
    found = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text.strip())
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"shard {text!r}: the number of a part and of all parts would be right, 1/4 to 4/4")
    return Part(shard=int(found[1]), of=int(found[2]))


def parse_seeds(text: str) -> Part:
    """Parse a text such as `0-3` or `5`. Raises `InputError`."""
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text.strip())
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise InputError(f"seeds {text!r}: the first and the last would be right, such as 0-3")
    return Part(first=int(found[1]), last=int(found[2] or found[1]))


def part_from(environment: Mapping[str, str]) -> Part | None:
    """The part named in the environment; None for all runs. Raises `InputError`."""
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        return parse_seeds(text.removeprefix("seeds ")) if text.startswith("seeds ") else parse_shard(text)
    except InputError as error:
        raise InputError(f"{VARIABLE}: {error}") from None


def plan_of_part(part: Part | None, plan: SuitePlan) -> SuitePlan:
    """The plan of training and evaluating a part's runs; tables and report are made of the whole suite only.

    Raises:
        InputError: the part has no runs, or the suite's search is left: a search for each part would let the parts
            choose settings of their own.
    """
    if part is None:
        return plan
    if "tune" in plan.once:
        raise InputError(
            f"part {part.name}: the arms' settings are searched first, once for all parts ({plan.once['tune']}): run "
            "`moco-bench tune SUITE.yaml`, and give tuned.json and tune.csv to every machine"
        )
    chosen = {run.id for run in part.of_runs([item.run for item in plan.runs])}
    runs = tuple(item for item in plan.runs if item.run.id in chosen)
    titles = {item.run.dataset.title for item in runs}
    return replace(
        plan,
        runs=runs,
        data={title: reason for title, reason in plan.data.items() if title in titles},
        floors={},
        once={step: reason for step, reason in plan.once.items() if step == "costs"},
    )


def _together(run: Run) -> tuple[str, str, int]:
    """The group of runs that a part must not split: the arms of a seed, its repetition and its other budgets."""
    return run.dataset.title, run.encoder.title, run.seed
