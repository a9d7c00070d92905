"""An orphan trains on while its run is started again: there is never a second writer."""

import signal
import time
from pathlib import Path

from chains import Chain, assert_same_results
from processes import Running, Setting

SLOW = Setting(seconds_a_step=0.1)


def wait_until(condition, seconds: float = 60) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def two_at_one_run(chain: Chain) -> tuple[Running, Running]:
    """A trainer at work, and a second process that waits for it."""
    first = chain.start("pretrain", SLOW)
    wait_until(lambda: (chain.checkpoints / "latest.ckpt").exists())
    second = chain.start("pretrain", log="second.log")
    wait_until(lambda: "waiting until it ends" in (chain.folder / "second.log").read_text())
    return first, second


def test_the_second_waits_and_finds_the_run_finished(
    suite: Path, undisturbed: dict[str, Chain], tmp_path: Path
) -> None:
    chain = Chain(suite, "both", tmp_path)

    first, second = two_at_one_run(chain)

    assert first.wait().code == 0
    outcome = second.wait()
    assert (outcome.code, "finished before" in outcome.printed) == (0, True)
    assert chain.start_steps() == [0]
    for command in ("evaluate", "collect"):
        assert chain.execute(command).code == 0
    assert_same_results(chain, undisturbed["both"])


def test_the_second_goes_on_where_a_killed_first_was(
    suite: Path, undisturbed: dict[str, Chain], tmp_path: Path
) -> None:
    chain = Chain(suite, "both", tmp_path)

    first, second = two_at_one_run(chain)
    first.send(signal.SIGKILL)

    assert second.wait().code == 0
    assert first.wait().code == -signal.SIGKILL
    assert chain.start_steps()[1] > 0
    for command in ("evaluate", "collect"):
        assert chain.execute(command).code == 0
    assert_same_results(chain, undisturbed["both"])


def test_who_waits_can_be_interrupted(suite: Path, tmp_path: Path) -> None:
    chain = Chain(suite, "both", tmp_path)

    first, second = two_at_one_run(chain)
    second.send(signal.SIGTERM)

    outcome = second.wait()
    assert outcome.code == 75
    assert (
        outcome.printed.splitlines()[-1]
        == f"moco-bench: {chain.run_id} interrupted by SIGTERM; the same command continues"
    )
    first.send(signal.SIGTERM)
    assert first.wait().code == 75
