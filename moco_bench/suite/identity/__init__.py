"""Whether two runs or two analyses are the same: fingerprints and canonical forms."""
