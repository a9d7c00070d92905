"""Why images, baselines and costs are done (again): from files alone."""

import json

import pytest

from moco_bench.files import sealed
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.sources import describe_sources
from moco_bench.suite.steps import DataState, data_state, floors_fingerprint, why_floors


@pytest.fixture
def suite(raw, tmp_path):
    (tmp_path / "own.npz").write_bytes(b"images")
    raw["dataset"] = {"name": "npz", "path": str(tmp_path / "own.npz")}
    return parse_suite(raw, "test")


@pytest.fixture
def manifest(suite, tmp_path):
    path = tmp_path / "manifest.json"
    content = {"sha256": "a" * 64, "train_images": 10, "source": describe_sources(suite.datasets[0])}
    path.write_text(json.dumps(content))
    return path


def test_a_manifest_describes_images_until_their_files_change(suite, manifest, tmp_path):
    (dataset,) = suite.datasets
    assert data_state(dataset, manifest) == DataState("a" * 64, 10, "")

    (tmp_path / "own.npz").write_bytes(b"others")
    assert data_state(dataset, manifest) == DataState("a" * 64, 10, "its files have changed", changed=True)


def test_another_request_reads_the_images_again(suite, manifest):
    smaller = suite.datasets[0].model_copy(update={"train_limit": 5})
    assert data_state(smaller, manifest).reason == "other settings"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "not described yet"),
        ("{", "its manifest is not readable"),
        ('{"sha256": 3}', "its manifest is not readable"),
        ('{"sha256": "a"}', "its manifest does not say which files it describes"),
    ],
)
def test_a_manifest_that_says_too_little(suite, tmp_path, text, reason):
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    assert data_state(suite.datasets[0], path).reason == reason


@pytest.fixture
def floors(suite, tmp_path):
    (dataset,) = suite.datasets
    path = tmp_path / suite.name / "floors" / f"{dataset.title}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(sealed({"fingerprint": floors_fingerprint(suite, dataset), "data_sha256": "a" * 64})))
    return path


def test_baselines_are_done_once_for_their_images_and_settings(suite, floors, tmp_path):
    (dataset,) = suite.datasets
    assert why_floors(suite, dataset, DataState("a" * 64, 10, ""), tmp_path) == ""
    assert why_floors(suite, dataset, DataState("b" * 64, 10, ""), tmp_path) == "the images have changed"
    other = suite.model_copy(update={"evaluate": suite.evaluate.model_copy(update={"knn_k": 7})})
    assert why_floors(other, dataset, DataState("a" * 64, 10, ""), tmp_path) == "other settings"


def test_baselines_that_were_edited_or_lost_are_done_again(suite, floors, tmp_path):
    (dataset,) = suite.datasets
    floors.write_text(floors.read_text().replace("a" * 64, "c" * 64))
    assert why_floors(suite, dataset, DataState("c" * 64, 10, ""), tmp_path).endswith("was changed by hand")
    floors.unlink()
    assert why_floors(suite, dataset, DataState("a" * 64, 10, ""), tmp_path) == "not done yet"
