"""This package's training step against what its users would run instead, in one run on one machine."""
