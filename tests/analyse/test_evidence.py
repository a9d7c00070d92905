"""What stands beside the table of runs, as far as it is there and usable."""

import json
import math

import pytest

from moco_bench.analyse.evidence import QUEUES, Evidence

HEAD = "arm,queue_size,version,tensor_mib,dataset,encoder\n"


@pytest.fixture
def evidence(tmp_path):
    """Evidence in the folder `results`, beside which lies a run of somebody else."""
    images = {"count": 3, "class_counts": [2, 1], "correct": {"knn_top1": "oA=="}, "class_correct": {}}
    for place in ("results/runs/a", "elsewhere"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "metrics.json").write_text(json.dumps({"images": images}))
    return Evidence(tmp_path / "results")


def test_outcomes_are_read_below_the_results_and_nowhere_else(evidence):
    assert evidence.outcomes("runs/a").correct["knn_top1"].tolist() == [1, 0, 1]
    assert evidence.outcomes("../elsewhere") is None
    assert evidence.outcomes("runs/b") is None
    assert evidence.outcomes("") is None
    assert Evidence().outcomes("runs/a") is None


def test_queues_are_numbers_or_nothing(evidence):
    path = evidence.directory / QUEUES
    path.parent.mkdir()
    for text, sizes in ((HEAD + "a,64,plain,1.5,d,e\n", [1.5]), (HEAD + "a,64,plain,much,d,e\n", []), ("arm\na\n", [])):
        path.write_text(text)
        found = Evidence(evidence.directory).queues
        assert found["tensor_mib"].tolist() == sizes
        assert set(found.columns) == set(HEAD.strip().split(","))
    assert Evidence().queues.empty


def test_a_floor_is_the_mean_over_seeds_and_nan_where_it_is_unknown(evidence):
    (evidence.directory / "floors").mkdir()
    encoders = {"e": {"0": {"knn_top1": 20.0}, "1": {"knn_top1": 22.0}}}
    content = {"pixels": {"knn_top1": 30.0}, "random_encoder": encoders}
    (evidence.directory / "floors" / "d.json").write_text(json.dumps(content))
    assert evidence.floor("d", "e", "knn_top1", "knn_top1") == (30.0, 21.0)
    assert all(math.isnan(value) for value in evidence.floor("other", "e", "knn_top1", "knn_top1"))
