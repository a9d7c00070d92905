import os
import signal

import pytest

from moco_bench.errors import Interrupted
from moco_bench.train.signals import STOPS, interrupted_by_signals, stop_on_signals


@pytest.fixture(autouse=True)
def _handlers_as_before():
    before = {number: signal.getsignal(number) for number in STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_is_a_flag_and_afterwards_what_it_was(number):
    before = [signal.getsignal(each) for each in STOPS]
    with stop_on_signals() as request:
        assert not request
        os.kill(os.getpid(), number)
        assert request
        assert request == [number.name]
        os.kill(os.getpid(), number)  # a second one changes nothing
    assert [signal.getsignal(each) for each in STOPS] == before


@pytest.mark.parametrize("number", STOPS)
def test_work_that_is_done_again_ends_at_once(number):
    with (
        pytest.raises(Interrupted, match=f"the report interrupted by {number.name}; the same command continues"),
        interrupted_by_signals("the report"),
    ):
        os.kill(os.getpid(), number)


def test_a_hang_up_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as request:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not request
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", STOPS)
def test_a_second_signal_takes_no_exit_code_from_a_command_that_is_ending(number):
    def tidied_up():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)

    with pytest.raises(Interrupted), interrupted_by_signals("the report"):
        tidied_up()
    os.kill(os.getpid(), number)  # while its line is printed
    with pytest.raises(Interrupted), stop_on_signals():
        raise Interrupted("saved")
    os.kill(os.getpid(), number)
