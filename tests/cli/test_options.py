import argparse
from pathlib import Path

import pytest

from moco_bench.cli.options import add_part, add_suite, part_of
from moco_bench.errors import InputError


def parsed(*words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_suite(parser)
    add_part(parser)
    return parser.parse_args(["suite.yaml", *map(str, words)])


def test_results_may_be_there_or_not_yet(tmp_path):
    for folder in (tmp_path, tmp_path / "new" / "results"):
        assert parsed("--results", folder).results == folder
    assert parsed().results == Path("results")


def test_results_in_a_file_or_behind_a_link_to_nowhere_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for place in ("file", "file/results"):
        with pytest.raises(InputError, match=r"--results: .*/file is a file; a folder would be right: move it away"):
            parsed("--results", tmp_path / place)
    with pytest.raises(InputError, match=r"--results: .*link"):
        parsed("--results", tmp_path / "link")


def test_the_default_for_results_is_checked_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    results.touch()
    with pytest.raises(InputError, match=r"--results: results is a file; .*: move it away, or give another --results"):
        parsed()
    results.unlink()
    results.symlink_to("nowhere")
    with pytest.raises(InputError, match=r"--results: results: a link to nowhere, .*"):
        parsed()


def test_a_part_is_that_of_the_options_and_else_of_the_environment(monkeypatch):
    monkeypatch.setenv("MOCO_BENCH_PART", "seeds 4-5")

    assert part_of(parsed("--shard", "2/3")) != part_of(parsed())
    assert part_of(parsed()) == part_of(parsed("--seeds", "4-5"))
    monkeypatch.delenv("MOCO_BENCH_PART")
    assert part_of(parsed()) is None


def test_a_part_is_named_in_one_way_only():
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parsed("--shard", "1/2", "--seeds", "0-1")
