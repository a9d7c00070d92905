import json

import pytest

from moco_bench import load_encoder
from moco_bench.errors import InputError
from moco_bench.files import SEAL, read_mapping, sealed, write_json
from moco_bench.suite.identity.run import PROTOCOL
from moco_bench.suite.load import parse_suite
from moco_bench.suite.on_disk.hashes import RESULT_FILES, describe_files, without_encoder
from moco_bench.suite.plan import plan_run
from moco_bench.suite.runs import expand
from moco_bench.suite.steps import data_state


@pytest.fixture
def run(raw):
    return expand(parse_suite(raw, "x"))[0]


def lay(run, results, *, status="done", metrics=True, sha256="a", **changes):
    directory = run.directory(results)
    directory.mkdir(parents=True)
    config = {name: getattr(run, name).model_dump(mode="json") for name in ("dataset", "encoder", "contrast", "train")}
    record = {
        "fingerprint": run.fingerprint, "protocol": PROTOCOL, "status": status, "config": config, "seed": 0,
        "data": {"sha256": sha256}, "hashes": {}, "reason": None, **changes,
    }  # fmt: skip
    for name in RESULT_FILES:
        (directory / name).write_text(name)
    write_json(directory / "run.json", sealed({**record, "files": describe_files(directory)}))
    if metrics:
        evaluated(run, directory)


def evaluated(run, directory, **changes):
    metrics = {"evaluation_fingerprint": run.evaluation_fingerprint, **changes}
    write_json(directory / "metrics.json", sealed(metrics))


def test_states(run, tmp_path):
    assert plan_run(run, tmp_path).state == "new"
    run.checkpoints(tmp_path).mkdir(parents=True)
    (run.checkpoints(tmp_path) / "latest.ckpt").touch()
    assert plan_run(run, tmp_path).state == "started"
    lay(run, tmp_path, metrics=False)
    assert plan_run(run, tmp_path).state == "evaluate"
    evaluated(run, run.directory(tmp_path), evaluation_fingerprint="old")
    assert plan_run(run, tmp_path).reason == "evaluation settings changed"
    evaluated(run, run.directory(tmp_path))
    assert plan_run(run, tmp_path).state == "done"
    assert not plan_run(run, tmp_path).would_run


def test_what_carries_no_hash_is_not_believed(run, tmp_path):
    lay(run, tmp_path)
    metrics, record = (run.directory(tmp_path) / name for name in ("metrics.json", "run.json"))
    write_json(metrics, {name: value for name, value in read_mapping(metrics).items() if name != SEAL})
    assert plan_run(run, tmp_path).reason == "its metrics.json has no hash of its content"
    evaluated(run, run.directory(tmp_path))
    files = {name: value for name, value in read_mapping(record)["files"].items() if name != "history.csv"}
    write_json(record, sealed({**read_mapping(record), "files": files}))
    assert plan_run(run, tmp_path).reason == "its run.json has no hash of history.csv"
    write_json(record, {name: value for name, value in read_mapping(record).items() if name != SEAL})
    assert plan_run(run, tmp_path).state == "changed"


@pytest.mark.parametrize("odd", ["a\x1b[2J", "a\ud800", "a\nb", "a" * 10_000])
def test_a_record_from_elsewhere_is_quoted_in_one_printable_line(run, tmp_path, odd):
    lay(run, tmp_path, protocol=odd, fingerprint="0" * 64)

    reason = plan_run(run, tmp_path).reason
    assert reason.startswith("training protocol a")
    assert reason.isprintable()
    assert len(reason) <= 300


def test_a_failed_run_is_a_result(run, tmp_path):
    lay(run, tmp_path, status="failed")

    assert plan_run(run, tmp_path).state == "failed"
    assert not plan_run(run, tmp_path).would_run


def test_the_changed_key_is_named(run, raw, tmp_path):
    lay(run, tmp_path)
    raw["contrast"]["temperature"] = 0.2
    changed = expand(parse_suite(raw, "x"))[0]

    assert plan_run(changed, tmp_path).reason == "contrast.temperature: 0.1 -> 0.2"


def test_other_data_and_other_protocol(run, tmp_path):
    lay(run, tmp_path)
    manifest = tmp_path / run.suite / "data" / "digits.json"
    manifest.parent.mkdir()
    manifest.write_text(json.dumps({"sha256": "b"}))
    assert plan_run(run, tmp_path).reason == "the data set's content has changed"
    (run.directory(tmp_path) / "run.json").write_text("{")
    assert plan_run(run, tmp_path).reason == "its run.json is not readable"


def test_an_edited_manifest_says_nothing_about_the_images(run, tmp_path):
    lay(run, tmp_path)
    write_json(run.manifest(tmp_path), {**sealed({"sha256": "b"}), "train_images": 999})
    assert plan_run(run, tmp_path).state == "done"
    state = data_state(run.dataset, run.manifest(tmp_path))
    assert (state.sha256, state.images, state.reason) == (None, None, "its manifest was changed after prepare")


def test_the_protocol_is_named(run, tmp_path):
    lay(run, tmp_path, protocol=0, fingerprint="0" * 64)

    assert plan_run(run, tmp_path).reason == f"training protocol 0, now {PROTOCOL}"


def test_an_archived_run_is_done_until_it_has_to_be_evaluated_again(run, tmp_path):
    lay(run, tmp_path)
    record = run.directory(tmp_path) / "run.json"
    write_json(record, without_encoder(read_mapping(record)))
    (run.directory(tmp_path) / "encoder.safetensors").unlink()
    assert plan_run(run, tmp_path).state == "done"

    evaluated(run, run.directory(tmp_path), evaluation_fingerprint="old")
    planned = plan_run(run, tmp_path)

    assert (planned.state, planned.reason) == ("changed", "evaluation settings changed, and its encoder was not kept")
    with pytest.raises(InputError, match="archive without weights"):
        load_encoder(run.directory(tmp_path))
