"""A process of its own for `test_accounting.py`: one arm's memory, with some tensors hidden from the meter."""

import json
import sys
from pathlib import Path

from moco_bench.measure.allocations import AllocationMeter
from moco_bench.profile.accounting import UNATTRIBUTED
from moco_bench.profile.arm_memory import arm_memory
from moco_bench.profile.parts import PARTS, QUERY_FORWARD
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

HIDDEN = {"nothing": (), "forward": (QUERY_FORWARD,), "steps": PARTS}


def main(suite: str, arm: str, hidden: str) -> None:
    see = AllocationMeter.see

    def partly_blind(self, tensor):
        return None if self.scope in HIDDEN[hidden] else see(self, tensor)

    AllocationMeter.see = partly_blind
    run = next(run for run in expand(load_suite(Path(suite))) if run.arm == arm)
    training = arm_memory(run, "cpu", evaluation=False).training
    print(
        json.dumps(
            {
                "of_peak": training.unattributed_of_peak,
                "above_baseline": training.unattributed_above_baseline,
                "unattributed": training.parts[UNATTRIBUTED],
                "counters": training.counters,
                "parts": training.parts,
                "peak": training.peak,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
