"""Refuses suites that can't run or can't mean what they say, before anything starts."""
