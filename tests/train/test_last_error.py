import pytest

from moco_bench.errors import InputError
from moco_bench.train.last_error import LAST_ERROR, last_error, noting_last_error


def fail(folder, error):
    with pytest.raises(type(error)), noting_last_error(folder, "f"):
        raise error


def test_an_error_is_known_until_the_next_attempt_begins(tmp_path):
    fail(tmp_path, ValueError("two\nlines"))
    assert last_error(tmp_path, "f") == "ValueError: two lines"
    with noting_last_error(tmp_path, "f"):
        assert last_error(tmp_path, "f") is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("images: none"), "images: none"),
        (OSError(28, "No space left on device", "a/b"), "No space left on device: a/b"),
        (MemoryError(), "MemoryError:"),
    ],
)
def test_errors_in_the_words_of_the_command_line(tmp_path, error, said):
    fail(tmp_path, error)
    assert last_error(tmp_path, "f").startswith(said)


def test_an_interruption_is_no_error(tmp_path):
    fail(tmp_path, KeyboardInterrupt())
    assert last_error(tmp_path, "f") is None


def test_the_error_of_another_run_or_a_broken_note_is_none(tmp_path):
    fail(tmp_path, ValueError("mine"))
    assert last_error(tmp_path, "g") is None
    for text in ("", "[]", '{"fingerprint": "f"}', '{"fingerprint": "f", "reason": 3}'):
        (tmp_path / LAST_ERROR).write_text(text)
        assert last_error(tmp_path, "f") is None


def test_a_note_that_cannot_be_written_hides_no_error(tmp_path):
    (tmp_path / LAST_ERROR).symlink_to("/proc/nowhere/error.json")
    fail(tmp_path, ValueError("mine"))
