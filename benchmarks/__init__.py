"""Benchmarks outside of the package: against other libraries, of single parts, and one-off studies."""
