import hashlib
import os

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint


def test_a_file_that_changed_has_another_hash(tmp_path):
    path = tmp_path / "weights.pth"
    for content in (b"first", b"other"):
        path.write_bytes(content)
        os.utime(path, ns=(content[0], content[0]))
        assert hash_of_checkpoint(path) == hashlib.sha256(content).hexdigest()


def test_what_is_no_file_is_refused_in_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    said = {"pipe": "is no ordinary file", "": "is no ordinary file", "absent": "no such file", "loop": "symbolic"}

    for name, words in said.items():
        with pytest.raises(InputError, match=f"encoder.checkpoint: .*{words}.*; give a file of weights"):
            hash_of_checkpoint(tmp_path / name)
