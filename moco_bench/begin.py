"""A command of `workflow/report.sh`, begun so that a signal ends it in one line, also while it imports its libraries.

The script lends the command a file descriptor for its error stream. What Python says before this module's handlers are
there goes to the script, which drops it where a signal came; from then on it goes to where the user looks.
"""

import os
import sys

from moco_bench.train.signals import end_at_once, handled_by

ERRORS = 3
"""The file descriptor of the script's own error stream."""


def begin(command: str, arguments: list[str]) -> int:
    """Run `moco-bench` or `snakemake` with its arguments. Handlers of its own take the place of these."""
    with handled_by(end_at_once):
        os.dup2(ERRORS, sys.stderr.fileno())
        os.close(ERRORS)
        sys.argv = [command, *arguments]
        if command == "snakemake":
            from snakemake.cli import main as snakemake

            snakemake()
            return 0
        from moco_bench.cli.main import main

        return main(arguments)


if __name__ == "__main__":
    sys.exit(begin(sys.argv[1], sys.argv[2:]))
