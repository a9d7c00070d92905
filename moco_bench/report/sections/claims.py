"""The claims of the paper's abstract, the rules that judge them, and this suite's verdicts."""

from collections import Counter

import pandas as pd

from moco_bench.analyse.claims import COUNTED
from moco_bench.analyse.settings import named
from moco_bench.analyse.text import ABSENT, interval, number
from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.table import KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import count, sentence, unit_of_effect
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results
from moco_bench.report.read.searches import searched_apart
from moco_bench.report.section import Section
from moco_bench.suite.identity.analysis import started_under
from moco_bench.suite.metrics import METRICS


def claims_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """How many claims got which verdict, and whether the rules were declared before the runs began."""
    suite = results.plan.suite
    if suite is None:
        return (Note("No suite file lies with these results, so no rules were declared and no claims are judged."),)
    started = registration_note(results)
    if results.claims.empty:
        return (Note("This suite judges none of the paper\u2019s claims."), *((Note(started),) if started else ()))
    compute = compute_of(results)
    own = [claim["verdict"] for claim in results.claims.to_dict("records") if not compute.repeats(claim)]
    stated = "analysis" in suite.model_fields_set and "claims" in suite.analysis.model_fields_set
    rules = "stated in the suite" if stated else "the package\u2019s defaults"
    counted = Counter(verdict.removesuffix(" by this suite") for verdict in own).most_common()
    counts = ", ".join(f"{found} {verdict}" for verdict, found in counted)
    verdicts = f"The abstract\u2019s claims in our words: {counts}. The rules are {rules}."
    if any(searched_apart(results, *cell) for cell in results.cells):
        verdicts += " The arms train with unequal settings (The answer), and main effects include that difference."
    return (links.note(verdicts, results.written.claims), *((Note(started),) if started else ()))


def registration_note(results: Results) -> str:
    """Runs that were started under other rules or another design, or without a record of them."""
    records = results.records
    if not records:
        return ""
    found = started_under(records, results.plan.fingerprint)
    every = "The only run was" if len(records) == 1 else f"All {len(records)} runs were"
    if not found.other and not found.unknown:
        return f"{every} started under this analysis."
    if len(found.other) == len(records):
        return f"{every} started under another analysis, before a rule or the design was changed."
    said, of = [], f"of {count(len(records), 'run')}"
    if found.other:
        were, places = "was" if len(found.other) == 1 else "were", named([p.removeprefix("runs/") for p in found.other])
        said.append(
            f"{len(found.other)} {of} {were} started under another analysis, before a rule or the design was changed: "
            f"{places}."
        )
    if found.unknown:
        does = "doesn\u2019t" if len(found.unknown) == 1 else "don\u2019t"
        said.append(f"{len(found.unknown)} {of} {does} say under which analysis they were started.")
    return " ".join(said)


COUNTED_DECIMALS = 1
TONES = {"supported": "good", "contradicted": "bad"}


def claims_table(results: Results, links: Links) -> Table | None:
    """One row per claim, data set, encoder and budget; None where no suite declared rules."""
    if results.claims.empty:
        return None
    compute = compute_of(results)
    claims = results.claims.to_dict("records")
    shown = [claim for claim in claims if not compute.repeats(claim)]
    columns = (
        Column.text("claim", "Claim of the abstract", lambda row: row["text"], prose=True),
        Column.text("verdict", "Verdict", _verdict),
        *KEY,
        Column.text("effect", "Effect and interval", _effect, sourced=True),
        Column.text("why", "Our reading, and the reason for the verdict", _reason, prose=True),
    )
    caption = "Verdicts by the rules in Methods."
    if len(shown) < len(claims):
        caption += " Where the same runs serve at another budget, what is said of them at equal epochs holds there too."
    return Table.of("claims", "Claims", caption, columns, shown, source=links.source(results.written.claims))


def _effect(claim: Row) -> Cell:
    """Estimate, unit and interval of a claim; counted bytes have no interval."""
    if pd.isna(claim["estimate"]):
        return Cell(ABSENT)
    metric = METRICS[claim["metric"]]
    digits = COUNTED_DECIMALS if claim["ci_method"] == COUNTED else metric.decimals
    estimate = number(float(claim["estimate"]), digits, signed=True)
    bounds = "counted" if claim["ci_method"] == COUNTED else interval(claim["ci_low"], claim["ci_high"], digits)
    words = (word for word in (estimate, unit_of_effect(metric), bounds) if word and word != ABSENT)
    return cell(" ".join(words), claim["estimate"])


def _verdict(claim: Row) -> Cell:
    verdict = claim["verdict"]
    return cell(verdict.removesuffix(" by this suite"), verdict, tone=TONES.get(verdict, "open"))


def _reason(claim: Row) -> str:
    reading = sentence(claim["reading"].removeprefix("Our reading: "))
    return f"{reading} {sentence(claim['why'])}.".strip()


SECTION = Section("claims", "The paper\u2019s claims", notes=claims_notes, tables=(claims_table,))
