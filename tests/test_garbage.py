"""The search for cycles: off where it is said to be off, on again afterwards, and never off for others."""

import gc
import subprocess
import sys

import pytest

from moco_bench.garbage import without_garbage_collection


def test_it_is_off_within_and_on_again_afterwards():
    assert gc.isenabled()
    with without_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error():
    with pytest.raises(ZeroDivisionError), without_garbage_collection():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off():
    gc.disable()
    try:
        with without_garbage_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("left", [False, True])
def test_a_process_that_leaves_its_garbage_frees_none_at_its_end(left):
    program = (
        "import sys\n"
        "from moco_bench.garbage import leave_garbage_to_the_system\n"
        "class Told:\n"
        "    def __del__(self): print('freed')\n"
        "cycle = [Told()]\n"
        "cycle.append(cycle)\n"
        "del cycle\n"
        f"{'leave_garbage_to_the_system()' if left else ''}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == ("" if left else "freed\n")
