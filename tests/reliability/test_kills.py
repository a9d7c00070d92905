"""Pull the plug anywhere, start the same command again, and get the bytes of a run that nobody disturbed.

Each chain of commands is killed several times, at places and moments drawn from a printed seed, and goes on until it
is done. `MOCO_BENCH_KILL_SEED=N` repeats what a failure printed; `make soak` draws 200 kills.
"""

import os
import random
import re
import secrets
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from chains import ARMS, EPOCHS, STEPS_PER_EPOCH, Chain, assert_same_results
from processes import Fault, Outcome, Setting

KILLS_IN_CI = 36
KILLS_A_COMMAND = {"pretrain": 6, "evaluate": 2, "collect": 1}
FROM_OUTSIDE = 0.25
"""Part of the signals that come from outside at a random time, to the process or to its group."""

STEP = ("step", "weights updated, queue not")
AFTER_FIRST_EPOCH = (STEPS_PER_EPOCH + 2, STEPS_PER_EPOCH * EPOCHS)
HALTED = (-signal.SIGKILL, -signal.SIGTERM, 75)


class Drill:
    """Kills chains until there were enough kills; counts what it did."""

    def __init__(self, suite: Path, undisturbed: dict[str, Chain], folder: Path, seed: int) -> None:
        self.suite, self.undisturbed, self.folder = suite, undisturbed, folder
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.chains = 0
        self.resumed = 0

    def run(self, kills: int) -> None:
        """Chain after chain, arm after arm."""
        while self.kills.total() < kills or self.chains < len(ARMS):
            arm = ARMS[self.chains % len(ARMS)]
            folder = self.folder / str(self.chains)
            folder.mkdir()
            self._chain(Chain(self.suite, arm, folder))
            self.chains += 1

    def _chain(self, chain: Chain) -> None:
        undisturbed = self.undisturbed[chain.arm]
        self._train(chain)
        for command in ("evaluate", "collect"):
            for _ in range(KILLS_A_COMMAND[command]):
                self._disturb(chain, command)
            assert_ended_well(chain.execute(command))
        assert_same_results(chain, undisturbed)
        assert_elapsed_time_is_whole(chain)

    def _train(self, chain: Chain) -> None:
        """Kill the trainer again and again, and check after each time where the next attempt has to begin."""
        # Once for certain when there is something to resume from.
        outcome = self._strike(chain, "pretrain", self.random.choice(STEP), self.random.randint(*AFTER_FIRST_EPOCH))
        earliest, latest = self._next_start(chain, 0, outcome)
        for _ in range(KILLS_A_COMMAND["pretrain"]):
            known = len(chain.noted_attempts())
            outcome = self._disturb(chain, "pretrain", steps_done=earliest)
            if outcome.code == 0:
                break
            noted = chain.noted_attempts()
            if len(noted) > known:  # it lived long enough to begin
                assert earliest <= noted[-1] <= latest, (noted, earliest, latest, outcome.printed)
                earliest, latest = self._next_start(chain, noted[-1], outcome)
        assert_ended_well(chain.execute("pretrain"))
        starts = chain.start_steps()
        assert starts == sorted(starts)
        assert starts[1] > 0
        self.resumed += sum(step > 0 for step in starts)

    def _next_start(self, chain: Chain, start: int, outcome: Outcome) -> tuple[int, int]:
        """Earliest and latest step to go on from: after TERM the very next, after KILL an epoch earlier at worst."""
        stopped = re.search(r"stopped after step (\d+)", outcome.printed)
        if stopped:
            return int(stopped[1]), int(stopped[1])
        reached = start + chain.steps_of_last_attempt()
        return max(start, reached - STEPS_PER_EPOCH), reached

    def _disturb(self, chain: Chain, command: str, steps_done: int = 0) -> Outcome:
        """Kill a command at any place or, from outside, at any time."""
        places = self.undisturbed[chain.arm].places[command]
        if self.random.random() < FROM_OUTSIDE:
            return self._strike_from_outside(chain, command, seconds=0.015 * len(places))
        return self._strike(chain, command, *self._place_among(places, steps_done))

    def _strike(self, chain: Chain, command: str, place: str, times: int) -> Outcome:
        number = self._signal()
        outcome = chain.execute(command, Setting(fault=Fault(place, times, number)))
        return self._counted(outcome, command, number, re.sub("[0-9a-f]{16,}", "...", place))

    def _strike_from_outside(self, chain: Chain, command: str, seconds: float) -> Outcome:
        number, group = self._signal(), self.random.random() < 0.5
        running = chain.start(command, Setting(trace=chain.trace(command)))
        time.sleep(self.random.uniform(0, 0.01 + seconds))
        running.send(number, group=group)
        return self._counted(running.wait(), command, number, "the group" if group else "the process")

    def _signal(self) -> signal.Signals:
        return self.random.choices((signal.SIGKILL, signal.SIGTERM), (0.6, 0.4))[0]

    def _counted(self, outcome: Outcome, command: str, number: signal.Signals, where: str) -> Outcome:
        assert "Traceback" not in outcome.printed, outcome.printed
        assert outcome.code in (0, *HALTED), outcome.printed
        if outcome.code in HALTED:
            self.kills[f"{command}: {number.name} at {where}"] += 1
        return outcome

    def _place_among(self, places: list[str], steps_done: int) -> tuple[str, int]:
        """A step that is still to come, a checkpoint in any phase of its writing, or anything else."""
        still = {name: places.count(name) - (steps_done if name in STEP else 0) for name in places}
        steps = [name for name in STEP if still.get(name, 0) > 0]
        checkpoints = [name for name in still if ".ckpt" in name]
        others = [name for name in still if name not in (*STEP, *checkpoints)]
        kinds = [(steps, 0.45), (checkpoints, 0.25), (others, 0.3)]
        (names,) = self.random.choices([names for names, _ in kinds], [weight * bool(names) for names, weight in kinds])
        name = self.random.choice(names)
        return name, self.random.randint(1, still[name])


def assert_ended_well(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.printed


def assert_elapsed_time_is_whole(chain: Chain) -> None:
    """The training time counts the steps of all attempts: it is the sum of the history's epochs."""
    epochs = [float(row["seconds"]) for row in chain.history()]
    assert chain.resources()["train_seconds"] == pytest.approx(sum(epochs))


def drill(suite: Path, undisturbed: dict[str, Chain], folder: Path, kills: int) -> Drill:
    seed = int(os.environ.get("MOCO_BENCH_KILL_SEED") or secrets.randbelow(10**6))
    print(f"\nMOCO_BENCH_KILL_SEED={seed}")
    drill = Drill(suite, undisturbed, folder, seed)
    drill.run(kills)
    print(
        f"{drill.kills.total()} kills in {drill.chains} chains, all results identical; {drill.resumed} attempts resumed"
    )
    for what, times in sorted(drill.kills.items()):
        print(f"{times:5} {what}")
    return drill


def test_kills_leave_no_trace(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    done = drill(suite, undisturbed, tmp_path, KILLS_IN_CI)

    assert done.kills.total() >= KILLS_IN_CI
    assert done.resumed >= done.chains


@pytest.mark.soak
def test_hundreds_of_kills_leave_no_trace(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    kills = int(os.environ.get("MOCO_BENCH_KILLS", "200"))
    done = drill(suite, undisturbed, tmp_path, kills)

    assert done.kills.total() >= kills
    assert done.resumed >= done.chains


def test_peak_memory_survives_a_kill(suite: Path, tmp_path: Path) -> None:
    chain = Chain(suite, "vanilla", tmp_path)
    killed = chain.execute("pretrain", Setting(fault=Fault("step", 12, signal.SIGKILL), ballast_mib=400))
    assert killed.code == -signal.SIGKILL

    assert_ended_well(chain.execute("pretrain"))

    assert chain.start_steps()[-1] > 0
    assert chain.resources()["peak_memory_mib"] > 400
