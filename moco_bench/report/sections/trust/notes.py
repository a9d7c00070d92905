"""Whether the noise of a single seed was measured."""

from moco_bench.report.model.links import Links, Note
from moco_bench.report.read.results import Results


def noise_notes(results: Results, links: Links) -> tuple[Note, ...]:
    """That nothing measured it, where nothing did."""
    del links
    if (results.runs["replicate"] > 1).any():
        return ()
    return (Note("No seed ran twice in this suite, so the noise floor of a single seed is not measured here."),)
