"""The claims of the paper's abstract, and what this suite says of each."""

import pandas as pd

from moco_bench.analyse.claims import COUNTED
from moco_bench.analyse.text import ABSENT, interval, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, Cell, Column, Row, Table, cell
from moco_bench.report.model.words import sentence, unit_of_effect
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS

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
        Column.text("verdict", "By this suite", _verdict),
        *KEY,
        Column.text("effect", "Effect and interval", _effect, sourced=True),
        Column.text("why", "How the claim was read, and why this verdict", _reason, prose=True),
    )
    caption = "Verdicts by the rules in Methods."
    if len(shown) < len(claims):
        caption += " Where the same runs serve at another budget, what is said of them at equal epochs holds there too."
    return Table.of("claims", "Claims", caption, columns, shown, source=links.source(results.written.claims))


def _effect(claim: Row) -> Cell:
    """Estimate, unit and interval; counted bytes have no interval."""
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
    return f"{claim['reading']} {sentence(claim['why'])}.".strip()
