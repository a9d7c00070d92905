"""Negatives: which keys of the queue an anchor is compared with.

`rules` is what a study chooses from, and where the next selection rule goes. `selection` carries a rule out, chunk by
chunk; `histogram` finds the cuts that it needs in a queue too large to sort; `hashing` is the source of the random
rule. A rule that weighs negatives or adds some, in place of selecting them, belongs into a module beside `rules`, and
is applied to the log-sums where `moco_bench.contrast.loss` forms them.
"""

from moco_bench.contrast.negatives.rules import (
    All,
    Band,
    DropHardest,
    Easiest,
    Hardest,
    Negatives,
    Random,
    Ranks,
    Threshold,
    negatives_from,
)

__all__ = [
    "All",
    "Band",
    "DropHardest",
    "Easiest",
    "Hardest",
    "Negatives",
    "Random",
    "Ranks",
    "Threshold",
    "negatives_from",
]
