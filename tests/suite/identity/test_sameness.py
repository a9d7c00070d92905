import itertools

import pytest
import torch

from moco_bench.contrast.candidates import Candidates
from moco_bench.contrast.chunks import whole_queue
from moco_bench.contrast.pairs import AtStep
from moco_bench.suite.config import ContrastConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.identity.sameness import effective

COUNTING = ("hardest", "easiest", "random")
RULES = [
    {"rule": "all"},
    *({"rule": rule, "fraction": part} for rule in COUNTING for part in (0.001, 0.25, 0.99, 1.0)),
    *({"rule": rule, "count": count} for rule in (*COUNTING, "drop-hardest") for count in (1, 24, 63)),
    {"rule": "drop-hardest", "fraction": 0.5},
    *({"rule": "band", "inner": inner, "outer": 1.0} for inner in (0.0, 0.5, 0.999)),
    {"rule": "band", "inner": 0.0, "outer": 0.375},
    *({"rule": "threshold", "similarity": value, "minimum": 24} for value in (-1.0, 0.0, 0.1, 1.0)),
    {"rule": "threshold", "similarity": 0.0, "minimum": 64},
]


@pytest.mark.parametrize("masked", [True, False])
def test_rules_count_as_equal_where_they_select_the_same_keys(masked):
    """Held against the loss's own selection, on keys of which none are equally similar."""
    anchor, queue = (
        torch.nn.functional.normalize(torch.randn(count, 8, generator=torch.Generator().manual_seed(count)), dim=1)
        for count in (4, 64)
    )
    own = torch.full((64,), -1).index_fill(0, torch.tensor([3, 50]), 0)
    candidates = Candidates(anchor, queue, torch.arange(4), own) if masked else Candidates(anchor, queue)
    selections, spellings = [], []
    for values in RULES:
        contrast = ContrastConfig.model_validate({"queue_size": 64, "mask_same_sample": masked, "negatives": values})
        spellings.append(effective(contrast)["negatives"])
        dropped = whole_queue(candidates, AtStep(contrast.negatives).ranks(64)).dropped
        selections.append(torch.zeros(4, 64) if dropped is None else dropped)
    for one, other in itertools.combinations(range(len(RULES)), 2):
        if "random" in (spellings[one][0], spellings[other][0]) and spellings[one] != spellings[other]:
            continue  # one draw may be like another's selection by chance
        equal = torch.equal(selections[one], selections[other])
        assert (spellings[one] == spellings[other]) == equal, (RULES[one], RULES[other])


def test_fingerprints_tell_more_apart_than_that():
    spellings = [
        ContrastConfig.model_validate({"queue_size": 64, "negatives": {"rule": "hardest", **size}})
        for size in ({"count": 16}, {"fraction": 0.25})
    ]
    assert effective(spellings[0]) == effective(spellings[1])
    assert identity(spellings[0]) != identity(spellings[1])
