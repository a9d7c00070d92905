"""Sentences that stand beside the tables: cost, floors, pairing. Each is computed, none is decoration."""

import pandas as pd

from moco_bench.analyse.metrics import METRICS
from moco_bench.analyse.pairing import random_number_table
from moco_bench.analyse.text import interval, number
from moco_bench.report.results import Results
from moco_bench.report.tables.effects import FINDING_WORDS, effect_title

BUDGETS = {"seconds": "training time", "flops": "floating-point operations"}
BELOW_THE_FLOOR = (
    " So this training adds nothing over the pixels by that measure, and effects between arms say little about "
    "representations that are worth having."
)


def cost_notes(results: Results) -> list[str]:
    """Speed and memory of each arm relative to the baseline, a sentence a data set and encoder."""
    baseline, sentences = results.plan.baseline, []
    done = results.finished[results.finished["budget"] == "epochs"]
    for dataset, encoder in results.cells:
        own = done[(done["dataset"] == dataset) & (done["encoder"] == encoder)]
        place = f"On {dataset} with {encoder}, " if len(results.cells) > 1 else ""
        parts = []
        for arm in (arm for arm in results.arms if arm != baseline):
            speed = _ratio(own[own["exclusive"]], arm, baseline, "images_per_second")
            memory = _ratio(own, arm, baseline, "peak_memory_mib")
            words = [f"{number(speed, 2)} times the speed"] if speed else []
            words += [f"{number(memory, 3)} times the peak memory"] if memory else []
            if words:
                parts.append(f"{arm} {' and '.join(words)}")
        if parts:
            sentences.append(f"{place}relative to {baseline}: {'; '.join(parts)}.")
    if not done.empty and not done["exclusive"].any():
        sentences.append("No run had the machine to itself, so speeds are not reported.")
    elif not done["exclusive"].all():
        disturbed = int((~done["exclusive"]).sum())
        sentences.append(f"Speeds leave out {disturbed} of {len(done)} runs: something else ran on the machine.")
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _ratio(rows: pd.DataFrame, arm: str, baseline: str, metric: str) -> float | None:
    means = rows.groupby("arm")[metric].mean()
    if arm not in means or baseline not in means or not means[baseline] > 0 or pd.isna(means[arm]):
        return None
    return float(means[arm] / means[baseline])


def floor_notes(results: Results) -> list[str]:
    """Whether the baseline's kNN and linear probe are above the same on raw pixels, a sentence a cell."""
    baseline, sentences = results.plan.baseline, []
    done = results.finished[(results.finished["arm"] == baseline) & (results.finished["budget"] == "epochs")]
    for dataset, encoder in results.cells:
        pixels = results.floors.get(dataset, {}).get("pixels")
        own = done[(done["dataset"] == dataset) & (done["encoder"] == encoder)]
        if not isinstance(pixels, dict) or own.empty:
            sentences.append(f"No floor is known for {dataset} with {encoder}, so nothing says what training added.")
            continue
        parts, above = [], []
        for name, title in (("knn_top1", "kNN"), ("linear_top1", "linear probe")):
            floor, reached = pixels.get(name), own[name].mean()
            if isinstance(floor, (int, float)) and not pd.isna(reached):
                above.append(reached > floor)
                word = "above" if above[-1] else "not above"
                parts.append(f"{title} at {number(reached, 2)} % is {word} {number(floor, 2)} % on raw pixels")
        if parts:
            warning = "" if all(above) else BELOW_THE_FLOOR
            place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
            sentences.append(f"{baseline}'s {' and its '.join(parts)}{place}.{warning}")
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def pairing_note(results: Results) -> str:
    """What the hashes prove about the seeds."""
    table = random_number_table(results.compared)
    if table.empty:
        return "No finished runs, so no pairs."
    counts = table["paired"].value_counts()
    words = {
        "proven": "are proven pairs: all arms have equal hashes of initialisation, batch order and augmentations",
        "initialisation only": "share their initialisation; their lengths differ on purpose",
        "unproven": "are taken as pairs without proof (pairing unproven): no hashes were recorded",
        "not paired": "are not pairs, since their arms' hashes differ, and take no part in the effects",
    }
    return ". ".join(f"{count} of {len(table)} seeds {words[str(name)]}" for name, count in counts.items()) + "."


def equal_compute_notes(results: Results) -> list[str]:
    """The ingredients' effects at equal training time and equal operations, beside those at equal epochs."""
    primary = METRICS[results.plan.config.primary]
    effects = results.effects
    chosen = effects[(effects["metric"] == primary.name) & (effects["kind"] == "factorial")]
    sentences = []
    for (dataset, encoder, budget), rows in chosen[chosen["budget"] != "epochs"].groupby(
        ["dataset", "encoder", "budget"], sort=False
    ):
        parts = [
            f"{effect_title(row['effect']).lower()} {number(row['estimate'], primary.decimals, signed=True)} "
            f"{interval(row['ci_low'], row['ci_high'], primary.decimals)}, {FINDING_WORDS[row['finding']]}"
            for row in rows.to_dict("records")
        ]
        place = f" ({dataset}, {encoder})" if len(results.cells) > 1 else ""
        sentences.append(f"At equal {BUDGETS[str(budget)]}{place}: {'; '.join(parts)}.")
    return sentences
