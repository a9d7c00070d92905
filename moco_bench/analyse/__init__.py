"""From one tidy table of runs to effects, intervals, tests and verdicts on claims. No torch."""
