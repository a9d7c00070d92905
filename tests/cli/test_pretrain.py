"""`moco-bench pretrain`: which GPUs the processes of a run over several devices are given."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from moco_bench.cli import pretrain as command
from moco_bench.suite.load import parse_suite
from moco_bench.suite.runs import expand
from moco_bench.train import gpu_lease


@pytest.mark.parametrize(
    ("state", "cards", "asked"),
    [
        ("new", 2, True),
        ("started", 2, True),
        ("changed", 2, True),
        ("done", 2, False),
        ("shared", 2, False),
        ("new", 0, False),
    ],
)
def test_a_run_that_is_there_or_taken_over_asks_for_no_gpu(tmp_path, monkeypatch, state, cards, asked):
    raw = {
        "name": "toy", "dataset": "digits", "encoder": "resnet-compact", "seeds": [0],
        "train": {"devices": 2, "batch_size": 64},
        "contrast": {"queue_size": 256}, "arms": {"vanilla": None},
    }  # fmt: skip
    run = expand(parse_suite(raw, "toy"))[0]
    leases = []
    monkeypatch.setattr(command, "gpus_here", lambda: cards)
    monkeypatch.setattr(command, "plan_run", lambda *words: SimpleNamespace(state=state))
    monkeypatch.setattr(gpu_lease, "leased_devices", lambda *words: leases.append(words) or nullcontext({"given": "1"}))
    with command._cards_of(run, tmp_path) as environment:
        assert environment == ({"given": "1"} if asked else {})
    assert leases == ([("auto", 2)] if asked else [])
