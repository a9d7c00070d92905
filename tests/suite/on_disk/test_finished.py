"""Which finished run a run may take its files from."""

from dataclasses import replace

import pytest

from moco_bench.files import sealed, write_json
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.finished import lender, pointer, whole_record
from moco_bench.suite.on_disk.hashes import RESULT_FILES, describe_files, without_encoder
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import expand


@pytest.fixture
def run(raw):
    return expand(parse_suite(raw, "test"))[0]


@pytest.fixture
def finished(run, tmp_path):
    """The folder of a finished run of another suite, with a pointer to it."""

    def write(status="done", place="other/run", **changes):
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        for name in RESULT_FILES:
            (folder / name).write_bytes(name.encode())
        record = {
            "fingerprint": run.fingerprint, "status": status, "reason": None, "config": {}, "hashes": {},
            "data": {"sha256": "d"}, "files": describe_files(folder),
        }  # fmt: skip
        write_json(folder / "run.json", sealed({**record, **changes}))
        write_json(pointer(run, tmp_path), {"directory": place})
        return folder

    return write


def test_a_finished_run_with_the_same_settings_and_images_lends_its_files(run, finished, tmp_path):
    assert lender(run, "d", tmp_path) is None
    folder = finished()
    assert lender(run, "d", tmp_path) == lender(run, None, tmp_path) == folder
    assert lender(run, "other images", tmp_path) is None
    assert lender(replace(run, replicate=2), "d", tmp_path) is None, "a repeated seed is to be trained"


def test_a_failed_run_lends_nothing_and_is_whole_all_the_same(run, finished, tmp_path):
    folder = finished("failed")
    assert lender(run, "d", tmp_path) is None
    assert whole_record(folder, run, "d")["status"] == "failed"


@pytest.mark.parametrize("name", RESULT_FILES)
@pytest.mark.parametrize("edited", [True, False])
def test_a_run_whose_files_are_edited_or_gone_lends_nothing(run, finished, tmp_path, name, edited):
    path = finished() / name
    path.write_bytes(b"edited!") if edited else path.unlink()
    assert lender(run, "d", tmp_path) is None


def test_a_run_of_other_settings_lends_nothing(run, finished, tmp_path):
    finished(fingerprint="0" * 64)
    assert lender(run, "d", tmp_path) is None


def test_no_run_lends_to_itself_or_out_of_another_folder(run, finished, tmp_path):
    finished(place=str(run.directory(tmp_path).relative_to(tmp_path)))
    assert lender(run, "d", tmp_path) is None
    folder = finished()
    (tmp_path / "results").mkdir()
    write_json(pointer(run, tmp_path / "results"), {"directory": f"../{folder.relative_to(tmp_path)}"})
    assert lender(run, "d", tmp_path / "results") is None


@pytest.mark.parametrize("evaluated", ["alike", "otherwise", "edited", "never"])
def test_an_archived_run_lends_what_it_has_if_it_was_evaluated_alike(run, finished, tmp_path, evaluated):
    folder = finished()
    write_json(folder / "run.json", without_encoder(read_record(folder / "run.json")))
    (folder / "encoder.safetensors").unlink()
    if evaluated != "never":
        asked = "other settings" if evaluated == "otherwise" else run.evaluation_fingerprint
        metrics = sealed({"evaluation_fingerprint": asked, "knn_top1": 50.0})
        write_json(folder / "metrics.json", metrics | ({"knn_top1": 99.0} if evaluated == "edited" else {}))
    assert lender(run, "d", tmp_path) == (folder if evaluated == "alike" else None)
