"""What was settled before the runs: whose rules judge the claims, and under which analysis the runs were started."""

from collections import Counter

from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import count
from moco_bench.report.read.equal_compute import compute_of
from moco_bench.report.read.results import Results
from moco_bench.report.read.settings import named
from moco_bench.suite.identity.analysis import started_under

SHOWN = 12
"""Digits of a fingerprint that people compare."""


def claims_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """How many claims got which verdict, and whether the rules stood before the runs began."""
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
    verdicts = (
        "The abstract\u2019s claims in our words, each with the quantity that stands for it here. "
        + ", ".join(f"{found} {verdict}" for verdict, found in Counter(own).most_common())
        + f". The rules are {rules}; analysis {results.plan.fingerprint[:SHOWN]}."
    )
    return (links.note(verdicts, results.written.claims), *((Note(started),) if started else ()))


def registration_note(results: Results) -> str:
    """Runs that were started under other rules, another design, or without saying under which."""
    done = set(results.runs.loc[results.runs["status"] != "missing", "directory"])
    records = {place: record for place, record in results.records.items() if place in done}
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
