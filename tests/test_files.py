"""Atomic writing and reading of files."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from moco_bench import files
from moco_bench.errors import InputError
from moco_bench.files import read_json, read_mapping, write_atomically, write_bytes, write_json, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole_and_the_old_one_kept_on_request(tmp_path):
    path, kept = tmp_path / "deep" / "a.txt", tmp_path / "deep" / "a.old"
    write_text(path, "one\n")
    write_atomically(path, lambda temporary: temporary.write_bytes(b"two") and None, keep=kept)

    assert (path.read_text(), kept.read_text()) == ("two", "one\n")
    assert names(path.parent) == ["a.old", "a.txt"]


def test_text_is_written_byte_by_byte_as_it_is(tmp_path):
    write_text(tmp_path / "a.txt", "\u00e9\n\r\n")

    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n\r\n"


@pytest.mark.parametrize("when", ["write", "flush", "rename"])
def test_an_error_names_the_file_and_changes_nothing(tmp_path, monkeypatch, when):
    path, kept = tmp_path / "a.txt", tmp_path / "a.old"
    write_text(path, "one")

    def fail(*_):
        raise OSError(28, "No space left on device")

    if when == "flush":
        monkeypatch.setattr(files.os, "fsync", fail)
    elif when == "rename":
        monkeypatch.setattr(files.os, "replace", fail)
    write = fail if when == "write" else lambda temporary: temporary.write_text("two") and None

    with pytest.raises(OSError, match="No space left on device") as caught:
        write_atomically(path, write, keep=kept)

    assert caught.value.filename == str(path)
    assert (path.read_text(), names(tmp_path)) == ("one", ["a.txt"])


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES])
def test_a_folder_that_cannot_be_flushed_is_written_to(tmp_path, monkeypatch, number):
    """Shared folders of virtual machines, CIFS and FUSE answer in all these ways."""
    flush = os.fsync

    def refuse_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(files.os, "fsync", refuse_folders)
    write_text(tmp_path / "a.txt", "whole")

    assert (tmp_path / "a.txt").read_text() == "whole"


def test_files_that_cannot_be_flushed_are_written_and_those_that_fail_are_not(tmp_path, monkeypatch):
    def refuse(descriptor, number=errno.EINVAL):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", refuse)
    write_text(tmp_path / "a.txt", "whole")
    assert (tmp_path / "a.txt").read_text() == "whole"

    monkeypatch.setattr(files.os, "fsync", lambda descriptor: refuse(descriptor, errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        write_text(tmp_path / "b.txt", "lost")
    assert names(tmp_path) == ["a.txt"]


def test_a_link_to_nowhere_is_named(tmp_path):
    (tmp_path / "results").symlink_to("unplugged")

    with pytest.raises(InputError, match="results: a link to unplugged, which is not there; make that folder"):
        write_text(tmp_path / "results" / "deep" / "a.txt", "lost")


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from moco_bench.files import write_atomically
def write(temporary):
    temporary.write_text("half")
    os._exit(9)
write_atomically(Path(sys.argv[1]), write)
"""


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_ones_is_not(tmp_path):
    path = tmp_path / "a[1].txt"
    assert subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(path)], check=False).returncode == 9
    (dead,) = names(tmp_path)
    living = dead.replace(dead.split(".")[-2], str(os.getppid()))
    (tmp_path / living).touch()
    (tmp_path / ".a[1].txt.another-machine.1.tmp").touch()

    write_bytes(path, b"whole")

    assert names(tmp_path) == sorted([".a[1].txt.another-machine.1.tmp", living, "a[1].txt"])


def test_what_is_no_number_is_neither_written_nor_read(tmp_path):
    path = tmp_path / "a.json"
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(path, [value])
    assert not path.exists()
    for text in ("[NaN]", "[-Infinity]"):
        path.write_text(text)
        with pytest.raises(InputError, match="no JSON number"):
            read_json(path)


NESTED = (b"[" * 65 + b"]" * 65, b'{"a":' * 900 + b"1" + b"}" * 900)
TOO_LARGE = (b"1e999", b"[-1e999]", b"9" * 400, b"[-" + b"9" * 400 + b"]")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b"9" * 5000, b"\xff", b'{"a": 1}}', *TOO_LARGE, *NESTED]
)
def test_what_is_no_json_is_one_line(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(InputError, match="not readable as JSON") as caught:
        read_json(tmp_path / "a.json")
    assert str(caught.value).isprintable()


def test_large_numbers_and_some_nesting_are_fine(tmp_path):
    value = [[["[" * 99]] * 99, 10**307, -1.7e308]
    write_json(tmp_path / "a.json", value)

    assert read_json(tmp_path / "a.json") == value


def test_half_a_character_is_escaped(tmp_path):
    write_text(tmp_path / "a.txt", "a\ud800b\u00e9")

    assert (tmp_path / "a.txt").read_bytes() == b"a\\ud800b\xc3\xa9"


def test_a_mapping_is_a_mapping(tmp_path):
    write_json(tmp_path / "a.json", [1])

    with pytest.raises(InputError, match="holds a list; a mapping would be right"):
        read_mapping(tmp_path / "a.json")
    with pytest.raises(InputError, match="no such file"):
        read_mapping(tmp_path / "b.json")
