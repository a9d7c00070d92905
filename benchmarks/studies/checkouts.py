"""Whether a training step and the loss cost what they did in another checkout of this repository.

    git worktree add ../before COMMIT
    python -m benchmarks.studies.checkouts ../before [--suite SUITE.yaml] [--rounds 40]

Each checkout has a process of its own. In every round each arm makes a few steps in one process and then in the other,
which of them first taking turns; likewise the loss at a queue of 65,536 keys. Printed are median and quartiles of the
ratio of processor times within rounds, this checkout over the other: other work on the machine slows both of a pair.
The suite has to be one that both versions can read, so by default it is the other checkout's quickstart. One thread.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
STEPS = 4
"""Steps per turn."""

WORKER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import torch
torch.set_num_threads(1)
try:
    from moco_bench.suite.load import load_suite
except ImportError:
    from moco_bench.suite.suite import load_suite
from moco_bench.contrast import Hardest, contrastive_loss
from moco_bench.contrast.logsumexp import plain_version
from moco_bench.data.datasets import load_dataset
from moco_bench.measure.allocations import AllocationMeter
from moco_bench.profile.stepper import Stepper
from moco_bench.suite.runs import expand

suite = load_suite(sys.argv[1])
dataset = load_dataset(suite.datasets[0])
steppers = {}
for run in expand(suite):
    steppers.setdefault(run.arm, Stepper(run, dataset, "cpu"))
generator = torch.Generator().manual_seed(0)
query, key, queue = (
    torch.nn.functional.normalize(torch.randn(count, 128, generator=generator), dim=1) for count in (256, 256, 65536)
)
query.requires_grad_()
RULES = {"all": None, "hardest": Hardest(fraction=0.25)}

def loss(rule):
    query.grad = None
    contrastive_loss(query, key, queue, temperature=0.1, negatives=RULES[rule]).backward()

def plain(rule):
    with plain_version():
        loss(rule)

def memory(make, rule):
    query.grad = None
    meter = AllocationMeter(torch.device("cpu"))
    with meter:
        meter.claim("inputs", (query, key, queue))
        make(rule)
    peak = meter.ledger.timeline(lambda block: block.cause or "extra").peak
    return peak - sum(tensor.nbytes for tensor in (query, key, queue))

def work(task):
    kind, name = task.split()
    start = time.process_time()
    if kind == "step":
        for _ in range(STEPS):
            steppers[name].step()
    elif kind == "memory":
        return memory(loss, name) / memory(plain, name)
    else:
        {"loss": loss, "plain": plain}[kind](name)
    return time.process_time() - start

print(json.dumps(sorted(steppers)), flush=True)
for line in sys.stdin:
    print(json.dumps(work(line.strip())), flush=True)
"""


class Checkout:
    """A process with one version of the package, which carries out tasks one by one."""

    def __init__(self, folder: Path, suite: Path) -> None:
        code = WORKER.replace("STEPS", str(STEPS))
        environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, str(suite)],
            cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.arms: list[str] = self._answer()

    def do(self, task: str) -> float:
        """Run a task: its processor seconds; for `memory`, the peak relative to the plain version's."""
        assert self._process.stdin is not None
        self._process.stdin.write(task + "\n")
        self._process.stdin.flush()
        return float(self._answer())

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a checkout's process ended; see its error above")
        return json.loads(line)


@contextmanager
def both(before: Path, suite: Path) -> Iterator[tuple[Checkout, Checkout]]:
    """Start a process for this checkout and one for the other."""
    checkouts = Checkout(HERE, suite), Checkout(before, suite)
    try:
        yield checkouts
    finally:
        for checkout in checkouts:
            checkout.end()


def main() -> None:
    """Print a row for each arm and for each rule of the loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="folder of the other checkout")
    parser.add_argument("--suite", type=Path, help="default: the other checkout's quickstart")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    before = options.before.resolve()
    suite = (options.suite or before / "config" / "quickstart.yaml").resolve()
    with both(before, suite) as (new, old):
        tasks = [f"step {arm}" for arm in old.arms if arm in new.arms]
        tasks += [f"{kind} {rule}" for rule in ("all", "hardest") for kind in ("loss", "plain")]
        times: dict[str, list[tuple[float, float]]] = {task: [] for task in tasks}
        for number in range(options.rounds + 1):
            for task in tasks:
                pair = [checkout.do(task) for checkout in ((new, old) if number % 2 else (old, new))]
                if number:  # the first round warms up
                    times[task].append((pair[0], pair[1]) if number % 2 else (pair[1], pair[0]))
        for task in tasks:
            ratios = [mine / theirs for mine, theirs in times[task]]
            low, middle, high = statistics.quantiles(ratios, n=4)
            own = statistics.median(mine for mine, _ in times[task]) * 1000 / (STEPS if "step" in task else 1)
            print(f"{task}: {middle:.3f} ({low:.3f} to {high:.3f}) of the other checkout's time; {own:.1f} ms")
        for rule in ("all", "hardest"):
            for name, index, checkout in (("this", 0, new), ("the other", 1, old)):
                pairs = zip(times[f"loss {rule}"], times[f"plain {rule}"], strict=True)
                ratio = statistics.median(loss[index] / plain[index] for loss, plain in pairs)
                memory = checkout.do(f"memory {rule}")
                print(f"loss {rule}, {name}: {ratio:.2f} of plain's time, {100 * memory:.1f} % of its memory")


if __name__ == "__main__":
    main()
