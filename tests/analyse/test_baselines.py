"""No verdict below the floors, and none about accuracy where the suite is about cost."""

import json
from pathlib import Path

import pandas as pd
import pytest

from moco_bench.analyse.analysis_plan import plan_of
from moco_bench.analyse.baselines import Standing, standings
from moco_bench.analyse.claims import claims_of
from moco_bench.analyse.effects import effects_of
from moco_bench.analyse.evidence import Evidence
from moco_bench.suite.load import load_suite, parse_suite

CONFIG = Path(__file__, "../../../config").resolve()
DUAL, FILTER = {"dual_view": "key-in-batch"}, {"negatives": {"rule": "hardest", "fraction": 0.25}}
SUITE = {
    "name": "s", "dataset": "cifar10", "encoder": "resnet18-cifar", "seeds": 8, "analysis": {"claims": "abstract"},
    "arms": {"vanilla": None, "dual": {"contrast": DUAL}, "filter": {"contrast": FILTER},
             "both": {"contrast": {**DUAL, **FILTER}}},
}  # fmt: skip


def floors(folder, pixels, untrained):
    (folder / "floors").mkdir()
    content = {
        "pixels": {"knn_top1": pixels, "linear_top1": 1.0},
        "random_encoder": {
            "e": {str(seed): {"knn_top1": untrained + seed - 0.5, "linear_top1": 1.0} for seed in (0, 1)}
        },
    }
    (folder / "floors" / "cifar10.json").write_text(json.dumps(content))
    return Evidence(folder)


@pytest.mark.parametrize(
    ("pixels", "untrained", "verdict"),
    [
        (30.0, 20.0, "supported"),
        (75.0, 20.0, "not judged: below the baselines"),
        (20.0, 75.0, "not judged: below the baselines"),
        (59.9, 20.0, "not judged: below the baselines"),  # above, but not by more than the margin
    ],
)
def test_accuracy_is_judged_above_both_floors_by_more_than_the_margin(tmp_path, runs_of, pixels, untrained, verdict):
    runs = runs_of(8, {"vanilla": 0.0, "dual": 2.0, "filter": 0.0, "both": 2.0})
    assert runs.loc[runs["arm"] == "vanilla", "knn_top1"].mean() == pytest.approx(59.7, abs=0.8)
    plan = plan_of(parse_suite(SUITE, "test"), floors(tmp_path, pixels, untrained))
    claims = claims_of(effects_of(runs, plan), plan).set_index("claim")
    assert claims.loc["dual-view-improves", "verdict"] == verdict
    assert claims.loc["better-downstream", "verdict"] == "supported", "the probe is far above its floors"
    if verdict.startswith("not judged"):
        assert "raw pixels" in claims.loc["dual-view-improves", "why"]
        assert "the untrained encoder" in claims.loc["dual-view-improves", "why"]


@pytest.mark.parametrize("part", ["nothing", "pixels", "random_encoder"])
def test_without_both_floors_accuracy_is_not_judged(tmp_path, runs_of, part):
    evidence = floors(tmp_path, 20.0, 20.0)
    path = tmp_path / "floors" / "cifar10.json"
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name == part}))
    plan = plan_of(parse_suite(SUITE, "test"), evidence)
    claims = claims_of(effects_of(runs_of(8), plan), plan).set_index("claim")
    for name in ("dual-view-improves", "filtering-improves", "better-downstream"):
        assert claims.loc[name, "verdict"] == "not judged: baselines not measured"
    assert claims.loc["lower-memory", "verdict"] == "no effect above 40 MiB", "a cost needs no floor"


def test_below_the_one_floor_that_is_known_is_below(tmp_path, runs_of):
    evidence = floors(tmp_path, 75.0, 20.0)
    path = tmp_path / "floors" / "cifar10.json"
    path.write_text(json.dumps({"pixels": json.loads(path.read_text())["pixels"]}))
    plan = plan_of(parse_suite(SUITE, "test"), evidence)
    claims = claims_of(effects_of(runs_of(8), plan), plan).set_index("claim")
    assert claims.loc["dual-view-improves", "verdict"] == "not judged: below the baselines"


def test_below_the_untrained_encoder_is_called_that():
    words = Standing("kNN accuracy", "vanilla", 50.0, 40.0, 55.0, 1.0).words
    assert words == (
        "vanilla's kNN accuracy, 50.0 %, is 10.0 points above raw pixels, 40.0 % and 5.0 points below the untrained "
        "encoder, 55.0 %"
    )
    assert Standing("kNN accuracy", "vanilla", 50.0, 49.5, 20.0, 1.0).short_of == ("raw pixels",)
    assert Standing("kNN accuracy", "vanilla", 50.0, float("nan"), 20.0, 1.0).short_of == ()


def test_standings_are_of_every_cell(tmp_path, runs_of):
    found = standings(runs_of(2), "vanilla", floors(tmp_path, 75.0, 20.0), 1.0)
    knn, probe = found["cifar10", "e"]
    assert (knn.short_of, probe.short_of) == (("raw pixels",), ())


def test_suites_of_cost_and_of_tests_judge_no_accuracy():
    for name in ("profile", "cost"):
        claims = load_suite(CONFIG / f"{name}.yaml").analysis.claims
        assert [claim.metric for claim in claims] == ["peak_memory_mib"], name
    for name in ("smoke", "precision"):
        assert load_suite(CONFIG / f"{name}.yaml").analysis.claims == (), name


def test_cifar_has_margins_of_half_a_point_where_its_test_images_judge():
    """`precision` is left out: it checks arithmetic and judges no claim, with a margin of its own."""
    suites = {path.stem: load_suite(path) for path in CONFIG.glob("*.yaml") if path.stem != "precision"}
    judged_on_test_images = {
        name: suite
        for name, suite in suites.items()
        if any(data.title.startswith("cifar") and not data.validation for data in suite.datasets)
    }
    assert {name: suite.analysis.margin_points for name, suite in judged_on_test_images.items()} == dict.fromkeys(
        ("cifar10", "cifar100", "cifar10-cpu", "cifar100-cpu", "second-setting", "one-rate"), 0.5
    )


@pytest.mark.parametrize(
    ("rank", "alignment", "uniformity", "verdict"),
    [
        (9.0, -0.2, -0.5, "supported"),
        (9.0, 0.2, -0.5, "mixed"),
        (0.0, 0.0, -0.5, "inconclusive"),  # uniformity alone, which key-in-batch trains
        (-9.0, 0.2, 0.5, "contradicted"),
        (0.0, 0.2, 0.0, "contradicted"),  # one contradicts it and none supports it
    ],
)
def test_well_structured_is_more_than_uniformity(tmp_path, runs_of, rank, alignment, uniformity, verdict):
    runs = runs_of(8)
    treated = runs["arm"] == "both"
    wobble = [0.01 * (place % 5 - 2) for place in range(len(runs))]
    for name, level, change in (
        ("effective_rank", 40.0, rank), ("alignment", 0.5, alignment), ("uniformity", -2.0, uniformity)
    ):  # fmt: skip
        runs[name] = level + change * treated + pd.Series(wobble)
    plan = plan_of(parse_suite(SUITE, "test"), floors(tmp_path, 30.0, 20.0))
    row = claims_of(effects_of(runs, plan), plan).set_index("claim").loc["well-structured-representations"]
    assert row["verdict"] == verdict
    assert "Effective rank: " in row["why"]
    assert row["quantities"] == "effective_rank higher, alignment lower, uniformity lower"


def memory(both):
    return pd.DataFrame(
        [{"arm": arm, "phase": "training", "part": "queue", "mib": mib, "dataset": "cifar10", "encoder": "e"}
         for arm, mib in (("vanilla", 100.0), ("dual", 100.0), ("filter", 100.0), ("both", both))]
    )  # fmt: skip


def test_memory_depends_on_the_implementation_where_losses_disagree(tmp_path, runs_of):
    (tmp_path / "profile").mkdir()
    queues = ["arm,queue_size,version,tensor_mib,dataset,encoder"]
    for size, both in ((4096, 92.4), (65536, 77.0)):
        queues += [f"{arm},{size},kept,{mib},cifar10,e" for arm, mib in (("vanilla", 100), ("both", both))]
        queues += [f"{arm},{size},streamed,{mib},cifar10,e" for arm, mib in (("vanilla", 100), ("both", 110))]
    (tmp_path / "profile" / "queues.csv").write_text("\n".join(queues))
    plan = plan_of(parse_suite(SUITE, "test"), Evidence(tmp_path))
    row = claims_of(effects_of(runs_of(8), plan), plan, memory(110.6)).set_index("claim").loc["lower-memory"]
    assert row["verdict"] == "depends on the implementation"
    assert "+10.6 %, higher" in row["why"]
    assert "\u221223.0 % to \u22127.6 % at queues of 4,096 to 65,536" in row["why"]
    agreed = claims_of(effects_of(runs_of(8), plan), plan, memory(80.0)).set_index("claim").loc["lower-memory"]
    assert agreed["verdict"] == "supported"


def test_memory_is_judged_at_the_suites_queue_whatever_the_loss(tmp_path, runs_of):
    """What a longer queue would do is said beside the verdict and is no part of it."""
    (tmp_path / "profile").mkdir()
    queues = ["arm,queue_size,version,tensor_mib,dataset,encoder"]
    for size, both in ((4096, 100.0), (65536, 114.0)):
        queues += [f"{arm},{size},plain,{mib},cifar10,e" for arm, mib in (("vanilla", 100), ("both", both))]
    (tmp_path / "profile" / "queues.csv").write_text("\n".join(queues))
    plan = plan_of(parse_suite({**SUITE, "contrast": {"queue_size": 4096}}, "test"), Evidence(tmp_path))
    row = claims_of(effects_of(runs_of(8), plan), plan, memory(100.0)).set_index("claim").loc["lower-memory"]
    assert row["verdict"] == "no effect above 5 %"
    assert "0.0 % to +14.0 % at queues of 4,096 to 65,536" in row["why"]
    other = plan_of(parse_suite({**SUITE, "contrast": {"queue_size": 8192}}, "test"), Evidence(tmp_path))
    row = claims_of(effects_of(runs_of(8), other), other, memory(100.0)).set_index("claim").loc["lower-memory"]
    assert row["verdict"] == "depends on the implementation", "not counted there: all queues count"
