"""Compares the result of `make bench` with the stored baseline, or stores it as the new baseline.

    make bench                                  # measures, then prints the change against the stored baseline
    python -m benchmarks.parts.change --store   # the latest result becomes benchmarks/parts/baseline.json

A baseline is of one machine: on another one changes are shown and not judged.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.parts.compared import FASTER, LATEST, SLOWER, STORED, joined, machine_words
from moco_bench.errors import InputError
from moco_bench.files import write_json
from moco_bench.measure.load import EXCLUSIVE_BELOW


def main(words: list[str] | None = None) -> int:
    """Print the comparison, or store what was measured."""
    parser = argparse.ArgumentParser(description="Benchmarks against stored ones.")
    parser.add_argument("--latest", type=Path, default=LATEST, help=f"of pytest-benchmark (default: {LATEST})")
    parser.add_argument("--stored", type=Path, default=STORED, help=f"the baseline (default: {STORED})")
    parser.add_argument("--store", action="store_true", help="make the latest the baseline")
    options = parser.parse_args(words)
    try:
        if options.store:
            latest = joined(options.latest)
            load = latest["foreign_load"]
            if load is not None and load >= EXCLUSIVE_BELOW:
                raise InputError(f"{options.latest}: others had {100 * load:.0f} % of the machine; no baseline")
            write_json(options.stored, latest)
            print(f"{options.stored}: stored {options.latest}")
        else:
            stored = options.stored if options.stored.is_file() else None
            print(told(joined(options.latest, stored), options.stored))
    except InputError as error:
        print(f"benchmarks.parts.change: {error}", file=sys.stderr)
        return 2
    return 0


def told(compared: dict[str, Any], stored: Path) -> str:
    """The comparison as text: both machines, benchmarks per verdict, and each one that got slower or faster."""
    rows = compared["benchmarks"]
    if compared["compared_with"] is None:
        return f"{len(rows)} benchmarks, compared with nothing: no {stored}. `--store` makes one"
    counts = Counter(row["verdict"] for row in rows)
    lines = [
        f"{len(rows)} benchmarks compared with {stored} ({machine_words(compared['compared_with'])}), measured on "
        f"{machine_words(compared['machine'])}: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    ]
    changed = [row for row in rows if row["verdict"] in (SLOWER, FASTER)]
    for row in sorted(changed, key=lambda row: -row["change"]):
        lines.append(
            f"{100 * row['change']:+6.0f} %  {row['stored_ms']:.3g} -> {row['median_ms']:.3g} ms  {row['name']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
