"""The report's first screen in plain words: what each ingredient is worth, how sure that is, and what it costs."""

from dataclasses import dataclass
from typing import Any

from moco_bench.analyse.metrics import METRICS, Metric
from moco_bench.analyse.signflip import seeds_needed, smallest_p
from moco_bench.analyse.text import interval, number, p_value
from moco_bench.report.results import Results
from moco_bench.report.strip import Strip, strip_for
from moco_bench.report.tables.effects import finding_tone

QUESTIONS = {
    "dual_view": "Does the dual-view loss help?",
    "filtering": "Does hard-negative filtering help?",
    "interaction": "Do the two help each other?",
}
SUBJECTS = {
    "dual_view": "the dual-view loss",
    "filtering": "filtering",
    "interaction": "their interaction",
}


@dataclass(frozen=True)
class Answer:
    """One question, answered: a verdict of a few words, a sentence of reasons, the numbers, and a drawing of them."""

    question: str
    verdict: str
    tone: str
    decided: bool
    estimate: str
    interval: str
    certainty: str
    strip: Strip | None


@dataclass(frozen=True)
class Block:
    """The answers on one data set and encoder."""

    title: str
    headline: str
    answers: tuple[Answer, ...]
    limits: str
    unit: str


@dataclass(frozen=True)
class Summary:
    """Everything on the first screen."""

    headline: str
    blocks: tuple[Block, ...]
    metric: str
    progress: str


def summarise(results: Results) -> Summary:
    """Answer from the primary metric at equal epochs."""
    metric = METRICS[results.plan.config.primary]
    blocks = tuple(
        block for cell in results.cells if (block := _block(results, metric, *cell, several=len(results.cells) > 1))
    )
    if len(blocks) == 1:
        headline = blocks[0].headline
    elif blocks:
        headline = f"What each ingredient is worth, {_extent(results)}"
    else:
        headline = "Nothing can be compared yet"
    return Summary(headline, blocks, metric.title, _progress(results))


def _extent(results: Results) -> str:
    datasets, encoders = (len({cell[place] for cell in results.cells}) for place in (0, 1))
    parts = [f"on {datasets} data sets"] if datasets > 1 else []
    return " ".join([*parts, f"with {encoders} encoders"] if encoders > 1 else parts)


def _progress(results: Results) -> str:
    counts = results.runs["status"].value_counts()
    done, total = int(counts.get("done", 0)), len(results.runs)
    if done == total:
        return f"All {total} runs are done."
    parts = [f"{counts[name]} {name}" for name in ("failed", "missing") if counts.get(name, 0)]
    return f"{done} of {total} runs are done, {' and '.join(parts)}: this report has holes, and names them."


def _block(results: Results, metric: Metric, dataset: str, encoder: str, *, several: bool) -> Block | None:
    effects = results.effects
    chosen = effects[
        (effects["metric"] == metric.name)
        & (effects["budget"] == "epochs")
        & (effects["dataset"] == dataset)
        & (effects["encoder"] == encoder)
    ]
    rows = chosen[chosen["kind"] == "factorial"].to_dict("records") or chosen.to_dict("records")
    if not rows:
        return None
    level = 1 - results.plan.config.confidence
    answers = tuple(_answer(row, metric, rows, level) for row in rows)
    title = f"{dataset}, {encoder}"
    return Block(title, _headline(rows, metric), answers, _limits(results, rows, metric), _unit(metric))


def _answer(row: dict[Any, Any], metric: Metric, rows: list[dict[Any, Any]], level: float) -> Answer:
    treatment, _, control = row["effect"].rpartition("-")
    question = QUESTIONS.get(row["effect"]) or (
        f"Is {treatment} better than {control}?" if row["kind"] == "arm" else f"{row['effect']}: a difference?"
    )
    seeds = f"{row['n_seeds']} seed{'s' * (row['n_seeds'] != 1)}"
    tests = f"p {p_value(row['p_value'])}, Holm {p_value(row['p_holm'])}, " if row["n_seeds"] else ""
    unproven = ", pairing unproven" if row["paired"] == "unproven" else ""
    return Answer(
        question=question,
        verdict=_verdict(row, metric, level),
        tone=finding_tone(metric.name, row["finding"]),
        decided=row["finding"] in ("higher", "lower", "equivalent"),
        estimate=number(row["estimate"], metric.decimals, signed=True),
        interval=interval(row["ci_low"], row["ci_high"], metric.decimals),
        certainty=f"{tests}{seeds}{unproven}",
        strip=strip_for(row, rows, metric.decimals),
    )


def _verdict(row: dict[Any, Any], metric: Metric, level: float) -> str:
    finding, interaction = row["finding"], row["effect"] == "interaction"
    margin = _margin(row, metric)
    good = finding.endswith(metric.better or "higher")
    if finding in ("higher", "lower"):
        small = max(row["p_equivalence"], row["p_equivalence_exact"]) <= level + 1e-12
        if interaction:
            words = "Yes: together they gain more" if good else "No: they get in each other's way"
        else:
            words = (
                ("Yes" if good else "No: it does harm") if not small else ("Slightly" if good else "No: slight harm")
            )
        return f"{words}, under {margin}" if small else words
    if finding == "equivalent":
        return f"No: what they gain adds up, within {margin}" if interaction else f"No difference beyond {margin}"
    if finding == "leans-equivalent":
        return "Little either way, it seems; not confirmed"
    if finding.startswith("leans-"):
        return "It seems so; not confirmed" if good else "It seems to harm; not confirmed"
    return "No finished pair of seeds yet" if finding == "no-data" else "Not decided"


def _headline(rows: list[dict[Any, Any]], metric: Metric) -> str:
    """One sentence over the two ingredients (or the first two comparisons), doubts included."""
    main = [row for row in rows if row["effect"] in ("dual_view", "filtering")] or rows[:2]
    clauses = [_clause(row, metric) for row in main]
    doubted = [row["finding"].startswith("leans-") for row in main]
    seeds = f"{main[0]['n_seeds']} seed{'s' * (main[0]['n_seeds'] != 1)}"
    if all(row["finding"] == "undecided" for row in main):
        each = [
            f"{SUBJECTS.get(row['effect'], row['effect'])} "
            f"({number(row['estimate'], 1, signed=True)} {_unit(metric)})".replace(" )", ")")
            for row in main
        ]
        neither = "neither " if len(main) > 1 else "nothing about "
        sentence = f"{seeds} decide{'s' * (main[0]['n_seeds'] == 1)} {neither}{' nor '.join(each)}"
    elif all(doubted):
        last = "can't confirm it" if len(main) == 1 else "confirm neither" if len(main) == 2 else "confirm none of it"
        sentence = f"{' and '.join(clauses)}; {seeds} {last}"
    else:
        sentence = "; ".join(f"{c}, not confirmed" if d else c for c, d in zip(clauses, doubted, strict=True))
    return sentence[0].upper() + sentence[1:] + "."


def _clause(row: dict[Any, Any], metric: Metric) -> str:
    subject = SUBJECTS.get(row["effect"], row["effect"])
    size = f"{number(abs(row['estimate']), 1)} {_unit(metric)}"
    return {
        "higher": f"{subject} gains {size}",
        "lower": f"{subject} loses {size}",
        "equivalent": f"{subject} changes less than {_margin(row, metric)}",
        "leans-higher": f"{subject} seems to gain {size}",
        "leans-lower": f"{subject} seems to lose {size}",
        "leans-equivalent": f"{subject} seems to change less than {_margin(row, metric)}",
        "undecided": f"the effect of {subject} is not decided",
        "no-data": f"{subject} has no finished pairs",
    }[row["finding"]]


def _margin(row: dict[Any, Any], metric: Metric) -> str:
    return f"{number(row['margin'], 1).removesuffix('.0')} {_unit(metric, singular=row['margin'] == 1)}"


def _unit(metric: Metric, *, singular: bool = False) -> str:
    if metric.unit == "%":
        return "point" if singular else "points"
    return metric.unit


def _limits(results: Results, rows: list[dict[Any, Any]], metric: Metric) -> str:
    """What this many seeds can't decide, in one or two sentences."""
    n, level = max(row["n_seeds"] for row in rows), 1 - results.plan.config.confidence
    if n == 0:
        return "No seed has all the runs that a comparison needs."
    needed = seeds_needed(level, tests=len(rows))
    reach = f"With {n} paired seed{'s' * (n != 1)} the exact test can't fall below p = {p_value(smallest_p(n))}"
    if n < needed:
        first = f"{reach}: nothing here can be confirmed at {100 * level:.2g} %. "
        first += f"For {len(rows)} effects it takes {needed} seeds."
    else:
        first = f"{reach}, enough to confirm any of {len(rows)} effects at {100 * level:.2g} %."
    known = [row for row in rows if row["detectable_effect"] > 0]
    if not known:
        return first
    largest = max(row["detectable_effect"] for row in known)
    smallest = min(row["detectable_effect"] for row in known)
    size = number(smallest, metric.decimals)
    if number(largest, metric.decimals) != size:
        size += f" to {number(largest, metric.decimals)}"
    return f"{first} Effects of {size} {_unit(metric)} would have been seen with a chance of 80 % by a t-test."
