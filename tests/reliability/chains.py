"""One run from its first step to the collected table, in as many processes as it takes."""

import csv
import json
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from processes import UNDISTURBED, Fault, Outcome, Running, Setting, start

ARMS = ("vanilla", "dual", "filter", "both")
STEPS_PER_EPOCH, EPOCHS = 5, 4
HARDEST = {"rule": "hardest", "fraction": 0.25}
SUITE: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"name": "digits", "label": "images", "train_limit": 160, "test_limit": 60},
    "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16, "batch_norm_groups": 4},
    "contrast": {"queue_size": 64, "filter_warmup_steps": 7, "mask_same_sample": True},
    "train": {
        "epochs": EPOCHS, "batch_size": 32, "precision": "float32", "threads": 1, "device": "cpu",
        "checkpoint_seconds": 0.0,
    },
    "evaluate": {
        "knn_k": 5, "probe": {"c_values": [1.0]}, "batch_size": 32,
    },
    "arms": {
        "vanilla": {},
        "dual": {"contrast": {"dual_view": "key-in-batch"}},
        "filter": {"contrast": {"negatives": HARDEST}},
        "both": {"contrast": {"dual_view": "key-in-batch", "negatives": HARDEST}},
    },
}  # fmt: skip
TIMED = ("images_per_second", "seconds")
"""Columns of a history that the clock decides."""
OF_THE_MACHINE = (
    "images_per_second", "step_ms_median", "train_seconds", "peak_memory_mib", "exclusive", "foreign_load",
)  # fmt: skip
"""Columns of the table of runs that clock, load and memory decide."""


def write_suite(path: Path, **changes: Any) -> Path:
    """Write the suite to `path`, whole sections replaced by `changes`."""
    path.write_text(yaml.safe_dump(SUITE | changes, sort_keys=False))
    return path


@dataclass
class Chain:
    """`pretrain`, `evaluate`, `collect` for one run, each repeated until it ends well.

    Attributes:
        suite: the suite file.
        arm: which arm's run.
        folder: of this chain's logs and traces, and of its results unless
        results_in: is another folder for them.
        places: names of the places that each command passed when nothing disturbed it.
    """

    suite: Path
    arm: str
    folder: Path
    results_in: Path | None = None
    seed: int = 0
    places: dict[str, list[str]] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        return f"images/resnet-compact/{self.arm}/seed{self.seed}"

    @property
    def results(self) -> Path:
        return (self.results_in or self.folder) / "results"

    @property
    def run(self) -> Path:
        """The run's directory."""
        return self.results / "tiny" / "runs" / self.run_id

    @property
    def checkpoints(self) -> Path:
        return self.results / "tiny" / "checkpoints" / self.run_id

    @property
    def commands(self) -> dict[str, list[str]]:
        """The three commands, in their order."""
        where = ["--results", str(self.results)]
        run = [str(self.suite), "--run", self.run_id]
        return {
            "pretrain": ["pretrain", *run, *where],
            "evaluate": ["evaluate", *run, *where],
            "collect": ["collect", str(self.suite), *where],
        }

    def start(self, command: str, setting: Setting = UNDISTURBED, log: str | None = None) -> Running:
        """Start one of the commands."""
        return start(self.commands[command], self.folder / (log or f"{command}.log"), setting)

    def execute(self, command: str, setting: Setting = UNDISTURBED) -> Outcome:
        """Run one of the commands to whatever end."""
        return self.start(command, replace(setting, trace=self.trace(command))).wait()

    def finish(self) -> None:
        """Run all commands, none disturbed."""
        for command in self.commands:
            outcome = self.execute(command)
            assert outcome.code == 0, outcome.printed
            self.places[command] = self.passed(command)

    def forget_evaluation(self) -> None:
        """Remove what the trainer's process has computed, so that `evaluate` has to compute it from the file."""
        for stored in self.checkpoints.glob("evaluation-*.json"):
            stored.unlink()
        (self.run / "metrics.json").unlink(missing_ok=True)

    def trace(self, command: str) -> Path:
        """Where a process notes the places that it passes."""
        return self.folder / f"{command}.trace"

    def passed(self, command: str) -> list[str]:
        """The places that the last process of this command passed."""
        return self.trace(command).read_text().splitlines()

    def steps_of_last_attempt(self) -> int:
        """How many training steps the last `pretrain` began."""
        return self.passed("pretrain").count("step")

    def interrupt(self, step: int, number: int = signal.SIGKILL) -> None:
        """Train until this step of this attempt begins, and there send the trainer a signal."""
        self.kill_at("step", step + 1, number)

    def kill_at(self, place: str, times: int = 1, number: int = signal.SIGKILL) -> None:
        """Train until a place is passed for the so many-th time, and there send the trainer a signal."""
        outcome = self.execute("pretrain", Setting(fault=Fault(place, times, number)))
        assert outcome.code != 0, outcome.printed

    def record(self) -> dict[str, Any]:
        """The run's `run.json`."""
        record: dict[str, Any] = json.loads((self.run / "run.json").read_text())
        return record

    def resources(self) -> dict[str, Any]:
        """The run's `resources.json`."""
        resources: dict[str, Any] = json.loads((self.run / "resources.json").read_text())
        return resources

    def history(self) -> list[dict[str, str]]:
        """The rows of the run's `history.csv`."""
        with open(self.run / "history.csv", newline="") as handle:
            return list(csv.DictReader(handle))

    def noted_attempts(self) -> list[int]:
        """The steps that attempts started from, as noted among the checkpoints while the run isn't done."""
        path = self.checkpoints / "attempts.json"
        return [attempt["start_step"] for attempt in json.loads(path.read_text())] if path.exists() else []

    def start_steps(self) -> list[int]:
        """The step that each attempt started from."""
        return [attempt["start_step"] for attempt in self.record()["attempts"]]


def assert_same_results(chain: Chain, undisturbed: Chain) -> None:
    """The same bytes where bytes can be the same, the same values in all fields that no clock decides."""
    for name in ("encoder.safetensors", "metrics.json"):
        assert (chain.run / name).read_bytes() == (undisturbed.run / name).read_bytes(), name
    assert timeless_history(chain) == timeless_history(undisturbed)
    assert chain.record()["hashes"] == undisturbed.record()["hashes"]
    if collected_row(chain) is not None:
        assert collected_row(chain) == collected_row(undisturbed)
    assert leftovers(chain) == []


def timeless_history(chain: Chain) -> list[dict[str, str]]:
    """The rows of `history.csv` without what the clock decides."""
    return [{name: value for name, value in row.items() if name not in TIMED} for row in chain.history()]


def collected_row(chain: Chain) -> dict[str, str] | None:
    """The run's row of `runs.csv` without what the machine decides; None where nothing was collected."""
    path = chain.results / "tiny" / "runs.csv"
    if not path.exists():
        return None
    with open(path, newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if (row["arm"], row["seed"]) == (chain.arm, str(chain.seed))]
    (row,) = rows
    return {name: value for name, value in row.items() if name not in OF_THE_MACHINE}


def leftovers(chain: Chain) -> list[str]:
    """Files that a killed writer left half written."""
    return [str(path.relative_to(chain.results)) for path in chain.results.rglob("*.tmp")]


def one_line(outcome: Outcome, code: int) -> str:
    """The one line that a command ended with; before it there may be an epoch's progress and warnings."""
    assert outcome.code == code, outcome.printed
    assert "Traceback" not in outcome.printed, outcome.printed
    complaints = [line for line in outcome.printed.splitlines() if line.startswith("moco-bench: ")]
    complaints = [line for line in complaints if not line.startswith("moco-bench: warning: ")]
    assert len(complaints) == 1, outcome.printed
    assert outcome.printed.endswith(f"{complaints[0]}\n")
    return complaints[0]


def complete(chain: Chain, undisturbed: Chain) -> None:
    """Start the commands again, and find what an undisturbed run leaves."""
    for command in chain.commands:
        outcome = chain.execute(command)
        assert outcome.code == 0, outcome.printed
    assert_same_results(chain, undisturbed)
