"""Computes effects, intervals, tests and verdicts on claims from one tidy table of runs. No torch."""
