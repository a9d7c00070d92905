import pytest

from benchmarks.peers.run import add_encoder, add_shares
from benchmarks.peers.summary import speedup, spread, throughput

# A machine that is three times slower in the last round: ratios of medians would not see what each round says.
ROUNDS = [
    {"moco_bench float32": 2.0, "moco_bench bfloat16": 1.0, "demo": 4.0},
    {"moco_bench float32": 2.0, "moco_bench bfloat16": 1.0, "demo": 6.0},
    {"moco_bench float32": 6.0, "moco_bench bfloat16": 3.0, "demo": 15.0},
]


def test_spread_is_median_and_quartiles():
    assert spread([5.0, 1.0, 2.0, 3.0, 4.0]) == (3.0, [2.0, 4.0])


def test_throughput_is_images_over_seconds():
    assert throughput(ROUNDS, "demo", 12)["rounds"] == [3.0, 2.0, 0.8]
    assert throughput(ROUNDS, "demo", 12)["images_per_second"] == 2.0


def test_a_speedup_compares_within_rounds():
    median, quartiles = speedup(ROUNDS, "moco_bench bfloat16", "demo")
    assert median == 5.0  # of 4, 6 and 5
    assert quartiles == [4.5, 5.5]


def test_a_contender_that_is_absent_has_no_ratio():
    names = ("throughput", "ratios", "ratios_float32", "ratios_compiled", "ratio_quartiles", "bfloat16_over_float32")
    result = {name: {} for name in names}
    result["precision"] = "bfloat16"

    add_encoder(result, "resnet-compact", ROUNDS, {"lightly": "not installed", "lightly_bfloat16": "not installed"}, 12)

    assert result["ratios"]["resnet-compact"] == {"lightly": None, "lightly_bfloat16": None, "demo": 5.0}
    assert result["ratios_float32"]["resnet-compact"]["demo"] == pytest.approx(2.5)
    assert result["ratios_compiled"]["resnet-compact"]["demo"] is None
    assert result["throughput"]["resnet-compact"]["lightly"] == {"absent": "not installed"}
    assert result["bfloat16_over_float32"]["resnet-compact"] == {"ratio": 2.0, "quartiles": [2.0, 2.0]}


def test_the_share_of_the_ceiling_is_of_operations_a_second():
    result = {
        "precision": "bfloat16",
        "ceiling_gflops": {"bfloat16": 1000.0, "float32": 100.0},
        "step_gflops": {"resnet-compact": 24.0},
        "workload": {"batch_sizes": {"resnet-compact": 12}},
        "throughput": {
            "resnet-compact": {
                "moco_bench bfloat16": {"images_per_second": 250.0},
                "moco_bench float32": {"images_per_second": 40.0},
            }
        },
        "ceiling_share": {},
        "ceiling_share_float32": {},
    }

    add_shares(result)

    assert result["ceiling_share"] == {"resnet-compact": 0.5}
    assert result["ceiling_share_float32"] == {"resnet-compact": 0.8}
