"""What makes two runs or two analyses the same: fingerprints and sameness."""
