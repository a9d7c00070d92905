"""The report's sections, one folder each: `notes`, `tables` and `figures`."""
