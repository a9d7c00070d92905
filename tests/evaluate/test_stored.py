"""An evaluation is kept under its fingerprint, with the hashes of itself, of its images and of the weights."""

from types import SimpleNamespace

import torch

from moco_bench.evaluate import stored
from moco_bench.evaluate.stored import store_evaluation
from moco_bench.files import is_vouched_for, read_mapping
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand
from moco_bench.train.state import hash_of_weights

SUITE = {
    "name": "s", "dataset": "digits", "encoder": "resnet-compact", "contrast": {"queue_size": 64},
    "train": {"batch_size": 64}, "arms": {"vanilla": None},
}  # fmt: skip


def test_it_is_found_by_its_settings_and_says_of_what_it_is(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        stored, "evaluate_encoder", lambda *given, **how: asked.append((given, how)) or {"knn_top1": 50.0}
    )
    run = expand(parse_suite(SUITE, "test"))[0]
    dataset, encoder, device = SimpleNamespace(sha256="d" * 64), torch.nn.Linear(2, 1), torch.device("cpu")
    metrics = store_evaluation(run, encoder, dataset, device, tmp_path)
    told = {"encoder": hash_of_weights(encoder), "metrics": metrics}
    assert read_mapping(run.stored_evaluation(tmp_path)) == told
    assert is_vouched_for(metrics)
    assert (metrics["evaluation_fingerprint"], metrics["data_sha256"]) == (run.evaluation_fingerprint, "d" * 64)
    assert metrics["knn_top1"] == 50.0
    ((given, how),) = asked
    assert given == (encoder, dataset, run.evaluate)
    assert (how["augment"], how["seed"], how["device"]) == (run.train.augment, run.seed, device)
