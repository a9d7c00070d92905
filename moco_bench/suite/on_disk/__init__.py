"""The files of a results folder, and whether they match their records."""
