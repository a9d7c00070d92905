"""How a selection of negatives is carried out, for a queue too large to sort or to hold against a batch.

A study chooses from the rules of `moco_bench.components.negatives`, one per file. `selection` turns their ranks
into the keys that are dropped, chunk by chunk; `histogram` finds the cuts that this needs; `hashing` is the source of
the random rule.
"""
