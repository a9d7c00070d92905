"""Pull the plug anywhere, start the same command again, and get the bytes of a run that nobody disturbed.

Each chain of commands is killed several times, at places and moments drawn from a printed seed, and goes on until it
is done. `MOCO_BENCH_KILL_SEED=N` repeats what a failure printed; `make soak` draws 200 kills.

A trainer evaluates its encoder itself and `evaluate` takes that over. So in every other chain what the trainer has
computed is taken away, and `evaluate` is killed while it computes; in the others, while it copies.
"""

import os
import random
import re
import secrets
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from chains import ARMS, EPOCHS, STEPS_PER_EPOCH, Chain, assert_same_results, collected_row
from processes import Fault, Outcome, Setting

KILLS_IN_CI, CHAINS_IN_CI = 16, 2
KILLS_A_COMMAND = {"pretrain": 6, "evaluate": 3, "collect": 1}
COMPUTING = "evaluate, computing"
"""The places of an `evaluate` that finds nothing to take over."""
FROM_OUTSIDE = 0.25
"""Part of the signals that come from outside at a random time, to the process or to its group."""

STEP = ("step", "weights updated, queue not")
EVALUATED = ("evaluated batch", "step of the probe")
SECONDS_A_PLACE = {"pretrain": 0.015, "evaluate": 0.015, COMPUTING: 0.005, "collect": 0.015}
"""By which an undisturbed command's duration is guessed."""
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
        self.computed = 0

    def run(self, kills: int, chains: int) -> None:
        """Chain after chain, arm after arm, the one with both changes first: at least so many kills and chains."""
        while self.kills.total() < kills or self.chains < chains:
            arm = ARMS[-1 - self.chains % len(ARMS)]
            folder = self.folder / str(self.chains)
            folder.mkdir()
            self._chain(Chain(self.suite, arm, folder))
            self.chains += 1

    def within(self, command: str, places: tuple[str, ...]) -> int:
        """How many kills hit a command at one of these places."""
        return sum(
            times
            for what, times in self.kills.items()
            if what.startswith(f"{command}: ") and what.endswith(tuple(f" at {place}" for place in places))
        )

    def _chain(self, chain: Chain) -> None:
        undisturbed = self.undisturbed[chain.arm]
        self._train(chain)
        computing = (self.chains + self.chains // len(ARMS)) % 2 == 0  # each arm in turn
        for _ in range(KILLS_A_COMMAND["evaluate"]):
            if computing:
                chain.forget_evaluation()
            self._disturb(chain, "evaluate", places_of=COMPUTING if computing else "evaluate")
        assert_ended_well(chain.execute("evaluate"))
        self.computed += computing
        for _ in range(KILLS_A_COMMAND["collect"]):
            self._disturb(chain, "collect")
        assert_ended_well(chain.execute("collect"))
        assert_same_results(chain, undisturbed)
        assert collected_row(chain) is not None
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

    def _disturb(self, chain: Chain, command: str, steps_done: int = 0, places_of: str | None = None) -> Outcome:
        """Kill a command at any place or, from outside, at any time."""
        label = places_of or command
        places = self.undisturbed[chain.arm].places[label]
        if self.random.random() < FROM_OUTSIDE:
            seconds = SECONDS_A_PLACE[label] * len(places)
            return self._strike_from_outside(chain, command, seconds, label)
        return self._strike(chain, command, *self._place_among(places, steps_done), label)

    def _strike(self, chain: Chain, command: str, place: str, times: int, label: str | None = None) -> Outcome:
        number = self._signal((signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
        outcome = chain.execute(command, Setting(fault=Fault(place, times, number)))
        if number != signal.SIGKILL and (command != "collect" or number == signal.SIGINT):
            assert outcome.code in (0, 75), outcome.printed  # 0: it never came to that place
        return self._counted(outcome, label or command, number, re.sub("[0-9a-f]{16,}", "...", place))

    def _strike_from_outside(self, chain: Chain, command: str, seconds: float, label: str) -> Outcome:
        # No INT: before the command's first line Python itself would answer it, with a traceback.
        number, group = self._signal((signal.SIGKILL, signal.SIGTERM)), self.random.random() < 0.5
        running = chain.start(command, Setting(trace=chain.trace(command)))
        time.sleep(self.random.uniform(0, 0.01 + seconds))
        running.send(number, group=group)
        return self._counted(running.wait(), label, number, "the group" if group else "the process")

    def _signal(self, among: tuple[signal.Signals, ...]) -> signal.Signals:
        return self.random.choices(among, (0.6, *[0.4 / (len(among) - 1)] * (len(among) - 1)))[0]

    def _counted(self, outcome: Outcome, command: str, number: signal.Signals, where: str) -> Outcome:
        assert "Traceback" not in outcome.printed, outcome.printed
        assert outcome.code in (0, *HALTED), outcome.printed
        if outcome.code in HALTED:
            self.kills[f"{command}: {number.name} at {where}"] += 1
        return outcome

    def _place_among(self, places: list[str], steps_done: int) -> tuple[str, int]:
        """A step that is still to come, a checkpoint in any phase, a part of the evaluation, or anything else."""
        still = {name: places.count(name) - (steps_done if name in STEP else 0) for name in places}
        steps = [name for name in STEP if still.get(name, 0) > 0]
        checkpoints = [name for name in still if ".ckpt" in name]
        evaluated = [name for name in EVALUATED if name in still]
        others = [name for name in still if name not in (*STEP, *checkpoints, *evaluated)]
        kinds = [(steps, 0.45), (checkpoints, 0.25), (evaluated, 0.2), (others, 0.15)]
        (names,) = self.random.choices([names for names, _ in kinds], [weight * bool(names) for names, weight in kinds])
        name = self.random.choice(names)
        return name, self.random.randint(1, still[name])


def assert_ended_well(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.printed


def assert_elapsed_time_is_whole(chain: Chain) -> None:
    """The training time counts the steps of all attempts: it is the sum of the history's epochs."""
    epochs = [float(row["seconds"]) for row in chain.history()]
    assert chain.resources()["train_seconds"] == pytest.approx(sum(epochs))


def drill(suite: Path, undisturbed: dict[str, Chain], folder: Path, kills: int, chains: int = len(ARMS)) -> Drill:
    seed = int(os.environ.get("MOCO_BENCH_KILL_SEED") or secrets.randbelow(10**6))
    print(f"\nMOCO_BENCH_KILL_SEED={seed}")
    drill = Drill(suite, undisturbed, folder, seed)
    drill.run(kills, chains)
    print(
        f"{drill.kills.total()} kills in {drill.chains} chains, all results identical; "
        f"{drill.resumed} attempts resumed; {drill.computed} runs evaluated from their files; "
        f"killed while they computed an evaluation: {drill.within('pretrain', EVALUATED)} trainers, "
        f"{drill.within(COMPUTING, EVALUATED)} times `evaluate`"
    )
    for what, times in sorted(drill.kills.items()):
        print(f"{times:5} {what}")
    return drill


def test_kills_leave_no_trace(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    done = drill(suite, undisturbed, tmp_path, KILLS_IN_CI, CHAINS_IN_CI)

    assert done.kills.total() >= KILLS_IN_CI
    assert done.resumed >= done.chains


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("place", "times"), [("evaluated batch", 8), ("step of the probe", 4)])
def test_an_evaluation_is_killed_while_it_computes(
    suite: Path, undisturbed: dict[str, Chain], tmp_path: Path, place: str, times: int, number: signal.Signals
) -> None:
    chain = Chain(suite, "both", tmp_path)
    shutil.copytree(undisturbed["both"].results, chain.results)  # trained
    chain.forget_evaluation()

    struck = chain.execute("evaluate", Setting(fault=Fault(place, times, number)))

    assert struck.code == (-signal.SIGKILL if number == signal.SIGKILL else 75), struck.printed
    assert not (chain.run / "metrics.json").exists()
    passed = [step for step in chain.passed("evaluate") if "lock.holder" not in step]
    assert passed[-1] == place
    for command in ("evaluate", "collect"):
        assert_ended_well(chain.execute(command))
    assert_same_results(chain, undisturbed["both"])


@pytest.mark.soak
def test_hundreds_of_kills_leave_no_trace(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    kills = int(os.environ.get("MOCO_BENCH_KILLS", "200"))
    done = drill(suite, undisturbed, tmp_path, kills)

    assert done.kills.total() >= kills
    assert done.resumed >= done.chains
    assert done.within("pretrain", EVALUATED) > 0
    assert done.within(COMPUTING, EVALUATED) > 0


def test_peak_memory_survives_a_kill(suite: Path, undisturbed: dict[str, Chain], tmp_path: Path) -> None:
    """The killed attempt's peak lies far above what a run needs by itself, and is the one in the result."""
    needed = undisturbed["vanilla"].resources()["peak_memory_mib"]
    chain = Chain(suite, "vanilla", tmp_path)
    ballast = round(needed) + 200
    killed = chain.execute("pretrain", Setting(fault=Fault("step", 12, signal.SIGKILL), ballast_mib=ballast))
    assert killed.code == -signal.SIGKILL

    assert_ended_well(chain.execute("pretrain"))

    assert chain.start_steps()[-1] > 0
    assert chain.resources()["peak_memory_mib"] > needed + 150
