import os
from pathlib import Path

import pytest

from moco_bench.data.cache_folder import cache_folder


def test_where_the_cache_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("MOCO_BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "moco-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "moco-bench"


@pytest.mark.parametrize("home", ["/nowhere", None])
def test_a_user_without_a_home_has_one_in_the_temporary_folder(tmp_path, monkeypatch, home):
    for name in ("MOCO_BENCH_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if home is None:
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    else:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = cache_folder()
    assert mine == tmp_path / f"moco-bench-{os.getuid()}"
    assert mine.stat().st_mode & 0o777 == 0o700
    mine.chmod(0o777)  # somebody else's, or open to all: never trusted
    assert cache_folder() != mine
