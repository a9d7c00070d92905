"""Snakemake, asking Slurm for its jobs' states every two seconds: the plugin's waits grow to three minutes."""

import sys

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda executor: 2, lambda executor, seconds: None)

if __name__ == "__main__":
    sys.exit(main())
