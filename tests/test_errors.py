"""Messages of errors."""

import errno

from moco_bench.errors import InputError, Interrupted, one_line, system_error


def test_messages_are_one_printable_line():
    assert one_line("a\n b\t\x1b[31m\ud800\u202e \u00e9") == "a b \\x1b[31m\\ud800\\u202e \u00e9"
    assert str(InputError("two\nlines")) == "two lines"


def test_an_operating_systems_error_names_the_file_and_a_remedy():
    full = OSError(errno.ENOSPC, "No space left on device", "a.txt")
    assert system_error(full) == "No space left on device: a.txt; free some space, then run the same command again"
    assert system_error(OSError(errno.EIO, "Input/output error", "a.txt")) == "Input/output error: a.txt"
    assert system_error(OSError("no number")) == "no number"


def test_a_signal_is_caught_by_nothing_that_catches_errors():
    assert not issubclass(Interrupted, Exception)
