"""`moco-bench COMMAND`: one file a command, each thin."""
