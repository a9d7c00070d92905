"""Messages of errors."""

import errno

from moco_bench.errors import InputError, Interrupted, did_you_mean, one_line, system_error, why_unread


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


def test_a_file_that_is_not_there_is_told_from_one_that_can_not_be_read():
    assert why_unread(FileNotFoundError(errno.ENOENT, "No such file or directory", "a.txt")) == "no such file"
    assert why_unread(PermissionError(errno.EACCES, "Permission denied", "a.txt")) == str(
        PermissionError(errno.EACCES, "Permission denied", "a.txt")
    )


def test_a_word_is_corrected_to_one_that_is_known():
    assert did_you_mean("Fitler-vanilla", ["filter-vanilla", "dual-vanilla"]) == "; did you mean 'filter-vanilla'?"
    assert did_you_mean("KNN", ["kNN"]) == "; did you mean 'kNN'?"
    assert did_you_mean("else", ["kNN"], "; there is kNN") == "; there is kNN"
