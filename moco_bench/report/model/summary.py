"""What stands on the first screen, before it becomes HTML or Markdown."""

from dataclasses import dataclass

from moco_bench.report.model.links import Note

WIDTH, PAD = 320.0, 10.0


@dataclass(frozen=True)
class Strip:
    """Horizontal positions in a drawing `WIDTH` units wide. `low` and `high` are None where there is no interval.

    `cut_low` and `cut_high`: the interval goes on beyond the axis on that side, which an arrow head says.
    """

    zero: float
    margin: tuple[float, float] | None
    estimate: float
    low: float | None
    high: float | None
    ticks: tuple[tuple[float, str], ...]
    cut_low: bool = False
    cut_high: bool = False


@dataclass(frozen=True)
class Answer:
    """One question, answered: a verdict of a few words, the numbers, and a drawing of them.

    `parts`: the simple effects that a main effect averages.
    """

    question: str
    verdict: str
    tone: str
    decided: bool
    estimate: str
    interval: str
    certainty: str
    strip: Strip | None
    leaning: str = ""
    parts: str = ""


@dataclass(frozen=True)
class Block:
    """The answers on one data set and encoder."""

    title: str
    headline: str
    answers: tuple[Answer, ...]
    limits: str
    unit: str
    to_decide: str = ""
    more: str = ""


@dataclass(frozen=True)
class Summary:
    """Everything on the first screen but its figures.

    `caution` is what a reader must know before believing the headline; `learnt`: the baseline arm beside what needs no
    training.
    """

    headline: str
    caution: str
    learnt: tuple[Note, ...]
    blocks: tuple[Block, ...]
    metric: str
    progress: str
