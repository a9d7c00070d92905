"""What to run: a suite file becomes typed, frozen configuration, and that becomes a list of runs. No torch here."""
