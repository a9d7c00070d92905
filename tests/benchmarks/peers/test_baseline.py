from copy import deepcopy

import pytest

from benchmarks.peers.baseline import changes, check_comparable
from moco_bench.errors import InputError


@pytest.fixture
def earlier():
    quartiles = {"resnet-compact": {"lightly": [5.8, 6.2], "demo": [7.9, 8.1]}}
    return {
        "protocol": 1,
        "workload": {"batch_sizes": {"resnet-compact": 256}, "loss_queue": 65536},
        "timing": {"threads": 2},
        "machine": {"cpu": "a", "cores": 2},
        "device": "cpu",
        "ratios": {"resnet-compact": {"lightly": 6.0, "demo": 8.0}},
        "ratios_float32": {"resnet-compact": {"lightly": None, "demo": None}},
        "ratios_compiled": {"resnet-compact": {"lightly": None, "demo": None}},
        "ratio_quartiles": {"ratios": quartiles},
        "loss": {"all": {"time_ratio": 0.5, "time_ratio_quartiles": [0.48, 0.52], "peak_memory_ratio": 0.05}},
        "loss_short_queue": {
            "all": {"time_ratio": 0.9, "time_ratio_quartiles": [0.88, 0.92], "peak_memory_ratio": 0.3}
        },
        "throughput": {
            "resnet-compact": {
                "moco_bench bfloat16": {"images_per_second": 1800.0, "quartiles": [1750.0, 1850.0], "rounds": []},
                "demo": {"images_per_second": 200.0, "quartiles": [190.0, 210.0], "rounds": []},
                "lightly": {"absent": "not installed"},
            }
        },
    }


@pytest.fixture
def now(earlier):
    return deepcopy(earlier)


def slower(now, earlier, margin=0.1):
    return {change.name for change in changes(now, earlier, margin) if change.slower}


def test_nothing_changed(now, earlier):
    compared = changes(now, earlier)
    assert {change.name for change in compared} == {
        "ratios.resnet-compact.lightly", "ratios.resnet-compact.demo", "loss.all.time_ratio",
        "loss.all.peak_memory_ratio", "loss_short_queue.all.time_ratio", "loss_short_queue.all.peak_memory_ratio",
        "images/s.resnet-compact.moco_bench bfloat16",
    }  # fmt: skip
    assert not any(change.slower for change in compared)


def test_a_ratio_that_fell_is_slower_and_one_that_rose_is_not(now, earlier):
    now["ratios"]["resnet-compact"] = {"lightly": 5.0, "demo": 10.0}
    now["ratio_quartiles"]["ratios"]["resnet-compact"] = {"lightly": [4.9, 5.1], "demo": [9.9, 10.1]}
    assert slower(now, earlier) == {"ratios.resnet-compact.lightly"}
    assert slower(now, earlier, margin=0.2) == set()


def test_rounds_that_differ_more_than_the_benchmarks_do_decide_nothing(now, earlier):
    now["ratios"]["resnet-compact"]["lightly"] = 5.0
    now["ratio_quartiles"]["ratios"]["resnet-compact"]["lightly"] = [4.0, 5.9]
    assert slower(now, earlier) == set()


def test_a_cost_that_rose_is_slower(now, earlier):
    now["loss"]["all"] = {"time_ratio": 0.4, "time_ratio_quartiles": [0.39, 0.41], "peak_memory_ratio": 0.2}
    assert slower(now, earlier) == {"loss.all.peak_memory_ratio"}


def test_images_per_second_are_compared_on_the_same_machine_only(now, earlier):
    now["throughput"]["resnet-compact"]["moco_bench bfloat16"].update(images_per_second=900.0, quartiles=[890.0, 910.0])
    assert slower(now, earlier) == {"images/s.resnet-compact.moco_bench bfloat16"}
    now["machine"] = {"cpu": "b", "cores": 2}
    assert slower(now, earlier) == set()


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ({}, "no result of this version"),
        ({"protocol": 1}, "no result of this version"),
        ({"protocol": 0, "workload": {}}, "no result of this version"),
        ({"protocol": 1, "workload": {"loss_queue": 4096}}, "another workload (batch_sizes, loss_queue)"),
    ],
)
def test_a_baseline_that_can_not_be_compared_is_refused_before_measuring(now, then, message):
    with pytest.raises(InputError) as raised:
        check_comparable(now["protocol"], now["workload"], then)
    assert message in str(raised.value)


def test_a_damaged_baseline_is_bad_input(now, earlier):
    del earlier["loss"]["all"]["time_ratio"]
    with pytest.raises(InputError, match="damaged"):
        changes(now, earlier)
