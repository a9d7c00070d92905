"""Turns a suite file into typed, frozen configuration, and that into a list of runs. No torch here."""
