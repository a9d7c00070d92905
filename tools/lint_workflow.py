"""Snakemake's lint without its advice to give each rule an environment: jobs run in Snakemake's own (decision 006)."""

import re
import subprocess
import sys

KNOWN = "Specify a conda environment or container for each rule."


def main() -> int:
    """Print the lint if other advice remains; 1 if it does."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    found = re.findall(r"^    \* (.*):$", told, flags=re.MULTILINE)
    left = [title for title in found if title != KNOWN]
    print(told if left or not found else "The workflow has no lints")
    return int(bool(left) or not found)


if __name__ == "__main__":
    sys.exit(main())
