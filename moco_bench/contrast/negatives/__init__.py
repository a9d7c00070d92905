"""Negatives: which keys of the queue an anchor is compared with.

`rules` is what a study chooses from, and where the next selection rule goes. `selection` and `radix` carry a rule out,
for a whole matrix and chunk by chunk; `hashing` is the source of the random rule. A rule that weighs negatives, or
adds some, in place of selecting them would be a module beside `rules`, applied to the log-sum where the losses form it.
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
