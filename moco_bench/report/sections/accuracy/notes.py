"""Whether the linear probe's grid was wide enough."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.model.words import count, listed
from moco_bench.report.read.results import Results


def probe_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """Runs whose linear probe chose a C at an edge of the suite's grid: a better one may lie beyond."""
    suite = results.plan.suite
    grid = sorted(set(suite.evaluate.probe.c_values)) if suite else []
    if len(grid) < 2:
        return ()
    done = results.runs[results.runs["status"] == "done"]
    again = done.duplicated(["fingerprint", "replicate"]) & (done["fingerprint"] != "")  # one run at two budgets
    places = [str(place) for place in done.loc[~again, "directory"]]
    chosen = {place: results.metrics.get(place, {}).get("linear_c") for place in places}
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
        "The linear probe\u2019s C, chosen on held-out training images, is at an edge of the suite\u2019s grid "
        f"({', '.join(f'{rate:g}' for rate in grid)}): {listed(parts)}. A better value may lie beyond, so those probe "
        "accuracies may be too low."
    )
    first = next(places[0] for places in hits.values() if places)
    return (links.note(text, f"{first}/metrics.json"),)
