"""The claims of the paper's abstract, and what this suite says of each."""

from typing import Any

import pandas as pd

from moco_bench.analyse.claims import COUNTED
from moco_bench.analyse.text import ABSENT, interval, number
from moco_bench.report.model.links import Links
from moco_bench.report.model.table import KEY, KEY_NAMES, Column, Table, cell, drop_constant
from moco_bench.report.model.words import sentence, unit_of_effect
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results
from moco_bench.suite.metrics import METRICS

COUNTED_DECIMALS = 1
TONES = {"supported": "good", "contradicted": "bad"}


def claims_table(results: Results, links: Links) -> Table | None:
    """One row a claim, data set, encoder and budget; None where no suite declared rules."""
    if results.claims.empty:
        return None
    rows = []
    compute = compute_of(results)
    claims = results.claims.to_dict("records")
    shown = [claim for claim in claims if not compute.repeats(claim)]
    for claim in shown:
        rows.append(
            (
                cell(claim["text"]),
                cell(
                    claim["verdict"].removesuffix(" by this suite"),
                    claim["verdict"],
                    tone=TONES.get(claim["verdict"], "open"),
                ),
                *(cell(claim[name] if isinstance(claim[name], str) else ABSENT) for name in KEY_NAMES),
                cell(_effect(claim), claim["estimate"] if pd.notna(claim["estimate"]) else None),
                cell(f"{claim['reading']} {sentence(claim['why'])}.".strip()),
            )
        )
    columns = (
        Column("claim", "Claim of the abstract", numeric=False, prose=True),
        Column("verdict", "By this suite", numeric=False),
        *KEY,
        Column("effect", "Effect and interval", numeric=False, sourced=True),
        Column("why", "How the claim was read, and why this verdict", numeric=False, prose=True),
    )
    caption = "Verdicts by the rules in Methods."
    if len(shown) < len(claims):
        caption += " Where the same runs serve at another budget, what is said of them at equal epochs holds there too."
    source = links.source(results.written.claims)
    return drop_constant(Table("claims", "Claims", caption, columns, tuple(rows), source=source), KEY_NAMES)


def _effect(claim: dict[Any, Any]) -> str:
    """Estimate, unit and interval; counted bytes have no interval."""
    if pd.isna(claim["estimate"]):
        return ABSENT
    metric = METRICS[claim["metric"]]
    digits = COUNTED_DECIMALS if claim["ci_method"] == COUNTED else metric.decimals
    estimate = number(float(claim["estimate"]), digits, signed=True)
    bounds = "counted" if claim["ci_method"] == COUNTED else interval(claim["ci_low"], claim["ci_high"], digits)
    return " ".join(word for word in (estimate, unit_of_effect(metric), bounds) if word and word != ABSENT)
