"""A results directory as the report reads it."""
