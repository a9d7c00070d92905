"""Compares this package's training step with the alternatives that users have, in one run on one machine."""
