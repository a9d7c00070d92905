"""Refuses suites that can't run or whose results would be misread, before anything starts."""
