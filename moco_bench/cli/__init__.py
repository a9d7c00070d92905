"""`moco-bench COMMAND`: one file per command, each thin."""
