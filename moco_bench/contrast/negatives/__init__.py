"""Selects negatives from a queue that is too large to sort, or to store a batch's similarities with it.

A study chooses from the rules of `moco_bench.components.negatives`, one per file. `selection` turns their ranks
into the keys that are dropped, chunk by chunk; `histogram` finds the cuts that this needs; `hashing` is the source of
the random rule.
"""
