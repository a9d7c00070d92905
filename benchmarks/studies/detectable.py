"""The minimum detectable effects that `docs/statistics.md` shows, as a table."""

import argparse
import math
from collections.abc import Iterable, Sequence

from moco_bench.analyse.detectable import detectable_dz
from moco_bench.analyse.power import t_test_dz


def as_markdown(seeds: Iterable[int], families: Sequence[int] = (1, 3, 6)) -> str:
    """The documentation's table: d_z by number of seeds, uncorrected and corrected, next to the t-test's."""
    lines = [
        "| Seeds | " + " | ".join(_column(tests) for tests in families) + " | uncorrected t-test |",
        "|---:|" + "---:|" * (len(families) + 1),
    ]
    for n in seeds:
        found = [detectable_dz(n, tests=tests) for tests in families]
        cells = ["unbounded" if math.isnan(dz) else f"{dz:.2f}" for dz in found]
        lines.append(f"| {n} | " + " | ".join(cells) + f" | {t_test_dz(n):.2f} |")
    return "\n".join(lines)


def _column(tests: int) -> str:
    return "tested alone" if tests == 1 else f"one of {tests}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Smallest effects that the declared rule finds with a chance of 80 %.")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(3, 13)), help="numbers of seeds")
    print(as_markdown(parser.parse_args(arguments).seeds))


if __name__ == "__main__":
    main()
