"""Parts of a suite cover it once, and never separate the arms of a seed."""

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.load import parse_suite
from moco_bench.suite.part import parse_seeds, parse_shard, part_from
from moco_bench.suite.runs import expand

SUITE = {
    "name": "grid",
    "datasets": ["digits", "fashion-mnist-5k"],
    "encoder": {"name": "resnet-compact"},
    "train": {"batch_size": 64},
    "contrast": {"queue_size": 256},
    "seeds": 5,
    "repeat_seeds": [1],
    "budgets": ["epochs", "flops"],
    "arms": {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}},
}


@pytest.fixture(scope="module")
def runs():
    return expand(parse_suite(SUITE, "grid"))


@pytest.mark.parametrize("of", [1, 2, 3, 10])
def test_shards_cover_the_suite_once_and_keep_a_seeds_arms_together(runs, of):
    parts = [parse_shard(f"{number}/{of}").of_runs(runs) for number in range(1, of + 1)]

    assert sorted(run.id for part in parts for run in part) == sorted(run.id for run in runs)
    groups = [{(run.dataset.title, run.seed) for run in part} for part in parts]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 10


def test_seeds_take_all_arms_repetitions_and_budgets(runs):
    chosen = parse_seeds("0-1").of_runs(runs)

    assert {run.seed for run in chosen} == {0, 1}
    assert len(chosen) == len([run for run in runs if run.seed < 2])
    assert {run.fingerprint for run in chosen} <= {run.fingerprint for run in runs}


def test_the_environment_names_a_part(runs):
    assert part_from({}) is None
    assert part_from({"MOCO_BENCH_PART": "seeds 2-3"}).name == "seeds-2-3"
    assert part_from({"MOCO_BENCH_PART": "2/4"}).name == "2-of-4"


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_shard, text) for text in ("0/4", "5/4", "4", "1/0")),
        *((parse_seeds, text) for text in ("3-1", "a-b", "-1")),
    ],
)
def test_what_is_no_part(parse, text):
    with pytest.raises(InputError, match="would be right"):
        parse(text)


def test_a_part_without_runs(runs):
    with pytest.raises(InputError, match="its seeds are 0 to 4, and it can be cut into 10 parts at most"):
        parse_seeds("7-9").of_runs(runs)


def test_a_part_with_fewer_seeds_than_asked_for_is_refused(runs):
    with pytest.raises(InputError, match="no seed 7; its seeds are 0 to 4"):
        parse_seeds("3-7").of_runs(runs)
    assert {run.seed for run in parse_seeds("3-4").of_runs(runs)} == {3, 4}
