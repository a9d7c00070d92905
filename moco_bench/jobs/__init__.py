"""What a command does, as functions from configuration to files; `cli/` parses, calls them and prints."""
