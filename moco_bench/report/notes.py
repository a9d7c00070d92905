"""Sentences that stand beside the tables: cost, pairing, the probe's grid. Each is computed, none is decoration."""

from collections import Counter
from collections.abc import Callable

import pandas as pd

from moco_bench.analyse.machines import on_main_machine
from moco_bench.analyse.metrics import Metric
from moco_bench.analyse.pairing import UNEQUAL_PRECISION
from moco_bench.analyse.text import interval, number
from moco_bench.report.equal_compute import WITHIN, WORDS, Compute, compute_of
from moco_bench.report.links import Links, Note
from moco_bench.report.profile_notes import profile_notes, tensor_notes, written_otherwise_notes
from moco_bench.report.profiled import FOLDER
from moco_bench.report.results import Results
from moco_bench.report.words import count, effect_title, finding_said, listed, sentence


def first_screen_cost(results: Results, links: Links) -> tuple[Note, ...]:
    """What an arm costs, in one paragraph that doesn't mix its sources: the profile's figures where there are any.

    A profile measures by itself, and counts bytes; runs share the machine, and a process is mostly libraries.
    """
    timed, counted = profile_notes(results), tensor_notes(results)
    notes: list[Note] = []
    if timed:
        timed = [*timed, *_own_speeds_are_not_used(results)]
        notes.append(links.note(" ".join(timed), *(f"{FOLDER}/{name}.csv" for name in ("time", "samples"))))
    else:
        notes += links.each(speed_notes(results), "runs.csv")
    if counted:
        notes.append(links.note(" ".join(counted), f"{FOLDER}/memory.csv"))
        notes += links.each(written_otherwise_notes(results), f"{FOLDER}/queues.csv")
    else:
        notes += links.each(process_memory_notes(results), "runs.csv")
    compute = compute_of(results)
    sources = (results.written.effects, compute.file) if compute.declared else (compute.file,)
    return (*notes, *links.each(equal_compute_notes(results, compute), *sources))


def _own_speeds_are_not_used(results: Results) -> list[str]:
    done = _at_equal_epochs(results)
    if done.empty or done["exclusive"].any():
        return []
    return ["Speeds of the runs themselves are not used: all of them shared the machine."]


def run_cost_notes(results: Results) -> list[str]:
    """What the runs themselves say about cost."""
    return [*speed_notes(results), *process_memory_notes(results)]


def speed_notes(results: Results) -> list[str]:
    """Speed of each arm relative to the baseline from undisturbed runs, a sentence a data set and encoder."""

    def said(own: pd.DataFrame, arm: str) -> str:
        own = on_main_machine(own)
        means = own[own["exclusive"]].groupby("arm")["images_per_second"].mean()
        base = means.get(results.plan.baseline, 0.0)
        if arm == results.plan.baseline or not base > 0 or pd.isna(means.get(arm)):
            return ""
        return f"{arm} {number(means[arm] / base, 2)} times"

    done = _at_equal_epochs(results)
    notes = _by_cell(results, said, f"speed relative to {results.plan.baseline}")
    if not done.empty and not done["exclusive"].any():
        alone = "No run had the machine to itself, so the runs\u2019 speeds are not reported."
        return [alone, *other_machines(done)]
    disturbed = int((~done["exclusive"]).sum())
    if disturbed:
        notes.append(f"Speeds leave out {disturbed} of {len(done)} runs: something else ran on the machine.")
    return [*notes, *other_machines(done)]


def other_machines(runs: pd.DataFrame) -> list[str]:
    """What costs leave out because it was measured elsewhere, in a sentence; none where all runs share a machine."""
    left = len(runs) - len(on_main_machine(runs))
    if not left:
        return []
    were = "was" if left == 1 else "were"
    return [
        f"Costs leave out {left} of {count(len(runs), 'run')}, which {were} made on another kind of machine than most."
    ]


def process_memory_notes(results: Results) -> list[str]:
    """Peaks of the runs' processes with their spread over seeds, which is what differences have to be seen against."""

    def said(own: pd.DataFrame, arm: str) -> str:
        values = on_main_machine(own).loc[own["arm"] == arm, "peak_memory_mib"].dropna()
        if values.empty:
            return ""
        spread = f" \u00b1 {number(float(values.std(ddof=1)), 0)}" if len(values) > 1 else ""
        return f"{arm} {number(float(values.mean()), 0)}{spread} MiB"

    return _by_cell(results, said, "peak memory of the process, mean and standard deviation over seeds")


def _by_cell(results: Results, said: Callable[[pd.DataFrame, str], str], what: str) -> list[str]:
    """One sentence a data set and encoder: what is said of each arm."""
    done, sentences = _at_equal_epochs(results), []
    for dataset, encoder in results.cells:
        own = done[(done["dataset"] == dataset) & (done["encoder"] == encoder)]
        parts = [text for text in (said(own, arm) for arm in results.arms) if text]
        place = f"on {dataset} with {encoder}, " if len(results.cells) > 1 else ""
        if parts:
            sentences.append(sentence(f"{place}{what}: {'; '.join(parts)}."))
    return sentences


def _at_equal_epochs(results: Results) -> pd.DataFrame:
    return results.finished[results.finished["budget"] == "epochs"]


def pairing_note(results: Results) -> str:
    """What the hashes prove about the seeds."""
    compute = compute_of(results)
    rows = [row for row in results.random_numbers.to_dict("records") if not compute.repeats(row)]
    if not rows:
        return "No finished runs, so no pairs."
    words = {
        "proven": (
            "is a proven pair",
            "are proven pairs",
            ": all arms have equal hashes of initialisation, batch order and augmentations",
        ),
        "initialisation only": ("shares", "share", " the initialisation alone; lengths differ on purpose"),
        "unproven": (
            "is taken as a pair",
            "are taken as pairs",
            " without proof (pairing unproven), since no hashes were recorded",
        ),
        UNEQUAL_PRECISION: (
            "is no pair of all arms",
            "are no pairs of all arms",
            ": asked for the same precision, some arms came to another one than the rest. Comparisons between arms "
            "that agree use such a seed, the others leave it out; a precision named in train.precision prevents it",
        ),
        "not paired": (
            "is no pair of all arms",
            "are no pairs of all arms",
            ": some arms\u2019 hashes differ from the others\u2019. Comparisons between arms that agree use such a "
            "seed, the others leave it out",
        ),
    }
    said = []
    for name, found in Counter(row["paired"] for row in rows).most_common():
        one, many, why = words[name]
        said.append(f"{found} of {count(len(rows), 'seed')} {one if found == 1 else many}{why}.")
    return " ".join(said)


def equal_compute_notes(results: Results, compute: Compute) -> list[str]:
    """Effects at equal training time and equal operations: the ingredients', or those of arms where there is no 2x2.

    Where every arm's runs at equal epochs serve there too, the effects are the ones above, and that is said instead.
    """
    primary, effects = results.primary, results.effects
    chosen = effects[(effects["metric"] == primary.name) & (effects["budget"] != "epochs")]
    groups = dict(list(chosen.groupby(["dataset", "encoder", "budget"], sort=False)))
    places = dict.fromkeys([*groups, *((row["dataset"], row["encoder"], row["budget"]) for row in compute.rows)])
    sentences = []
    for dataset, encoder, budget in places:
        place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
        if compute.all_shared(dataset, encoder, budget):
            sentences.append(
                f"At equal {WORDS[budget]}{place} the comparison is the same one: in {WORDS[budget]} every arm is "
                f"within {WITHIN} of {results.plan.baseline}, so its runs at equal epochs serve there too."
            )
        elif (dataset, encoder, budget) in groups:
            said = _effects_said(groups[dataset, encoder, budget], primary)
            sentences.append(f"At equal {WORDS[budget]}{place}: {said}.")
    return sentences


def _effects_said(rows: pd.DataFrame, metric: Metric) -> str:
    factorial = rows[rows["kind"] == "factorial"]
    return "; ".join(
        f"{effect_title(row['effect']).lower()} {number(row['estimate'], metric.decimals, signed=True)} "
        f"{interval(row['ci_low'], row['ci_high'], metric.decimals)}, {finding_said(row['finding'])}"
        for row in (rows if factorial.empty else factorial).to_dict("records")
    )


def probe_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Runs whose linear probe chose a learning rate at an edge of the suite's grid: a better one may lie beyond."""
    suite = results.plan.suite
    grid = sorted(set(suite.evaluate.probe.learning_rates)) if suite else []
    if len(grid) < 2:
        return ()
    done = results.runs[results.runs["status"] == "done"]
    again = done.duplicated(["fingerprint", "replicate"]) & (done["fingerprint"] != "")  # one run at two budgets
    places = [str(place) for place in done.loc[~again, "directory"]]
    chosen = {place: results.metrics.get(place, {}).get("linear_learning_rate") for place in places}
    known = {place: float(rate) for place, rate in chosen.items() if isinstance(rate, (int, float))}
    edges = {"smallest": grid[0], "largest": grid[-1]}
    hits = {name: [at for at, rate in known.items() if abs(rate - edge) <= 1e-9 * edge] for name, edge in edges.items()}
    parts = [
        f"the {name}, {edges[name]:g}, in {len(hits[name])} of {count(len(known), 'run')}"
        for name in edges
        if hits[name]
    ]
    if not parts:
        return ()
    text = (
        "The linear probe\u2019s learning rate, chosen on held-out training images, is at an edge of the suite\u2019s "
        f"grid ({', '.join(f'{rate:g}' for rate in grid)}): {listed(parts)}. A better rate may lie beyond, so those "
        "probe accuracies may be too low."
    )
    first = next(places[0] for places in hits.values() if places)
    return (links.note(text, f"{first}/metrics.json"),)
