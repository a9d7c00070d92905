"""The work of the commands, as functions from configuration to files; `cli/` parses, calls them and prints."""
