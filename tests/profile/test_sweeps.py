"""Growth, the memory claim at growing queues, leaks, traces."""

import gzip
import json

import pytest
import torch

from moco_bench.analyse.counted_memory import WRITTEN
from moco_bench.analyse.memory_claim import OWN_LOSS
from moco_bench.profile.growth import growth_rows, mark_falls
from moco_bench.profile.leak import growth_per_step, leak_rows, leak_verdicts
from moco_bench.profile.memory import watch_step
from moco_bench.profile.parts import LOSS
from moco_bench.profile.queue_claim import VERSIONS, queue_rows
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.trace import write_trace
from moco_bench.profile.variants import stores_similarities, sweeps, variant
from moco_bench.profile.work import count_flops, work_rows
from moco_bench.suite.config import EncoderConfig
from moco_bench.suite.config.profile import GrowthConfig

KIB = 1024


def quiet(line: str) -> None:
    pass


@pytest.mark.parametrize(
    ("quantity", "value", "section", "key"),
    [
        ("batch_size", 32, "train", "batch_size"),
        ("queue_size", 128, "contrast", "queue_size"),
        ("dimension", 8, "encoder", "dimension"),
        ("width", 16, "encoder", "width"),
    ],
)
def test_a_variant_changes_one_thing(make_runs, quantity, value, section, key):
    run = make_runs("vanilla")["vanilla"]
    varied = variant(run, quantity, value)
    assert getattr(varied, section).model_dump()[key] == value
    same = {"dataset", "encoder", "contrast", "train", "evaluate"} - {section}
    assert all(getattr(varied, name) == getattr(run, name) for name in same)


def test_variants_that_an_arm_does_not_have(make_runs):
    runs = make_runs("vanilla", "filter")
    assert variant(runs["vanilla"], "fraction", 0.1) is None
    assert variant(runs["filter"], "fraction", 0.1).contrast.negatives.fraction == 0.1
    resnet = EncoderConfig(name="resnet18-cifar")
    assert variant(variant(runs["vanilla"], "encoder", resnet), "width", 16) is None


def test_a_batch_beyond_the_queue_takes_the_queue_along(make_runs):
    assert variant(make_runs("vanilla")["vanilla"], "batch_size", 100).contrast.queue_size == 100
    both_views = make_runs("vanilla", "symmetric", contrast={"enqueue": "both-views"})["symmetric"]
    assert variant(both_views, "batch_size", 100).contrast.queue_size == 200


def test_growth_of_every_quantity_that_is_asked_for(make_runs, dataset):
    config = GrowthConfig(
        batch_sizes=(8, 16), queue_sizes=(64, 128), fractions=(0.1,), widths=(8,), repeats=1, steps=1,
        encoders=(EncoderConfig(name="resnet-compact", width=8, label="a"),),
    )  # fmt: skip
    assert list(sweeps(config)) == ["batch_size", "queue_size", "fraction", "width", "encoder"]
    rows = growth_rows(make_runs("vanilla", "filter"), dataset, "cpu", config, "vanilla", quiet)
    assert len(rows) == 2 * 2 + 2 * 2 + 1 + 2 + 2
    vanilla = {(row["quantity"], row["value"]): row for row in rows if row["arm"] == "vanilla"}
    small, large = vanilla["batch_size", 8], vanilla["batch_size", 16]
    assert large["tensor_mib"] > small["tensor_mib"]
    assert large["loss_mib"] > small["loss_mib"]
    assert large["flops"] == pytest.approx(2 * small["flops"], rel=1e-3)  # an image's colours take what it draws
    (encoder,) = [row for row in rows if row["quantity"] == "encoder" and row["arm"] == "filter"]
    assert encoder["label"] == "a"
    assert encoder["value"] > 1000  # its parameters


def test_the_loss_that_holds_all_logits_needs_more(make_runs, dataset):
    runs = make_runs("vanilla", "filter", train={"batch_size": 64})
    rows = queue_rows(runs, dataset, "cpu", (81920,), quiet)
    sizes = {(row["arm"], row["version"]): row for row in rows}
    logits = 64 * 81920 * 4 / 2**20
    for arm in runs:
        assert sizes[arm, "plain"]["loss_mib"] >= logits
        assert sizes[arm, "streamed"]["loss_mib"] < 0.5 * logits
        assert sizes[arm, "plain"]["queue_mib"] == sizes[arm, "streamed"]["queue_mib"]
        for row in (sizes[arm, version] for version in VERSIONS):
            assert row["typical_tensor_mib"] <= row["tensor_mib"]


def test_a_filter_that_sums_only_what_it_keeps_needs_less_than_no_filter(make_runs, dataset):
    """A quarter is kept: its logits, their places (int64) and their gradients are less than a softmax over all."""
    runs = make_runs("vanilla", "filter", train={"batch_size": 64})
    rows = queue_rows(runs, dataset, "cpu", (81920,), quiet)
    loss = {(row["arm"], row["version"]): row["typical_loss_mib"] for row in rows}
    assert loss["filter", "plain"] > loss["vanilla", "plain"] > loss["vanilla", "kept"]
    whole = {(row["arm"], row["version"]): row["typical_tensor_mib"] for row in rows}
    assert whole["filter", "kept"] < 0.9 * whole["vanilla", "kept"]


def test_a_rule_that_topk_does_not_carry_out_has_no_row_of_it(make_runs, dataset):
    runs = make_runs("vanilla", "anchored")  # which keeps random keys
    rows = queue_rows(runs, dataset, "cpu", (64,), quiet)
    assert [row["version"] for row in rows if row["arm"] == "anchored"] == ["streamed", "plain"]
    assert {row["version"] for row in rows if row["arm"] == "vanilla"} == set(VERSIONS) == {OWN_LOSS, *WRITTEN}


@pytest.mark.parametrize("version", ["streamed", "plain"])
def test_memory_is_that_of_a_step_that_has_ties_to_settle(make_runs, dataset, version):
    """Without planted ties it hangs on the step's values, and would be called a difference between two arms."""
    run = make_runs("vanilla", "filter", contrast={"queue_size": 4096})["filter"]
    peaks = {False: set(), True: set()}
    for planted in peaks:
        for steps in (1, 2, 4):
            stepper = Stepper(run, dataset)
            for _ in range(steps):
                stepper.step()
            if planted:
                stepper.plant_ties()
            with VERSIONS[version]():
                peaks[planted].add(watch_step(stepper).timeline.highest(LOSS))
    assert max(peaks[True]) < 1.001 * min(peaks[True])
    assert min(peaks[True]) > min(peaks[False])


def test_no_arm_leaks(make_runs, dataset):
    verdicts = leak_verdicts(leak_rows(make_runs("vanilla", "filter"), dataset, "cpu", 40, quiet))
    assert [verdict["leaks"] for verdict in verdicts] == [False, False]
    assert [verdict["steps"] for verdict in verdicts] == [40, 40]


def test_a_planted_leak_is_found(make_runs, dataset, monkeypatch):
    kept = []
    step = Stepper.step

    def leaking(self, *marks):
        kept.append(torch.ones(16 * KIB // 4))
        step(self, *marks)

    monkeypatch.setattr(Stepper, "step", leaking)
    (verdict,) = leak_verdicts(leak_rows(make_runs("vanilla"), dataset, "cpu", 40, quiet))
    assert verdict["leaks"]
    assert verdict["kib_per_step"] == pytest.approx(16, rel=0.2)


def test_a_planted_leak_of_small_objects_is_found(make_runs, dataset, monkeypatch):
    """They lie in arenas of Python's own: malloc's counters see nothing of them."""
    kept = []
    step = Stepper.step

    def leaking(self, *marks):
        kept.extend((self._step * 1000.5, number) for number in range(128))
        step(self, *marks)

    monkeypatch.setattr(Stepper, "step", leaking)
    (verdict,) = leak_verdicts(leak_rows(make_runs("vanilla"), dataset, "cpu", 60, quiet))
    assert verdict["leaks"]
    assert verdict["python_blocks_per_step"] == pytest.approx(256, rel=0.1)  # a tuple and a number each
    assert 8 < verdict["kib_per_step"] < 32


def growth_row(value: float, loss: float, tensor: float = 50.0) -> dict:
    return {"arm": "filter", "quantity": "queue_size", "value": value, "tensor_mib": tensor, "loss_mib": loss}


def test_a_series_that_falls_is_marked():
    rows = [growth_row(size, loss) for size, loss in ((65536, 7.1), (4096, 3.2), (32768, 21.6))]
    mark_falls(rows)
    assert {row["not_monotone"] for row in rows} == {"loss_mib"}
    steady = [growth_row(size, loss) for size, loss in ((1, 7.10), (2, 7.05), (3, 7.1))]
    mark_falls(steady)
    assert {row["not_monotone"] for row in steady} == {""}


def test_where_similarities_are_no_longer_stored(make_runs):
    for arm, below in (("vanilla", False), ("filter", True)):
        run = make_runs("vanilla", "filter", train={"batch_size": 128})[arm]
        assert stores_similarities(variant(run, "queue_size", 2**22 // 128)) is below
        assert not stores_similarities(variant(run, "queue_size", 2**22 // 128 + 1))


@pytest.mark.slow
def test_memory_of_the_loss_falls_where_the_table_says(make_runs, dataset):
    config = GrowthConfig(queue_sizes=(16384, 32768, 33000), repeats=1, steps=1)
    runs = make_runs("vanilla", "filter", train={"batch_size": 128})
    rows = growth_rows(runs, dataset, "cpu", config, "vanilla", quiet)
    filtered = [row for row in rows if row["arm"] == "filter"]
    assert [row["regime"] for row in filtered] == ["stored", "stored", "streamed"]
    assert "loss_mib" in filtered[0]["not_monotone"].split()
    assert {row["not_monotone"] for row in rows if row["arm"] == "vanilla"} == {""}


def test_single_readings_and_a_warm_up_are_no_growth():
    steps = list(range(50))
    assert growth_per_step(steps, [100.0 + 50 * (step % 10 == 3) for step in steps]) == 0
    assert growth_per_step(steps, [min(step, 9) for step in steps]) == 0
    assert growth_per_step(steps, [3.0 + 0.25 * step for step in steps]) == pytest.approx(0.25)
    assert growth_per_step([1], [5.0]) == 0


@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_a_trace_names_arms_and_parts(make_runs, dataset, tmp_path, ending):
    path = tmp_path / f"trace.{ending}"
    steppers = {arm: Stepper(run, dataset) for arm, run in make_runs("vanilla", "dual").items()}
    write_trace(path, steppers)
    text = gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()
    names = {event.get("name") for event in json.loads(text)["traceEvents"]}
    assert {"vanilla", "dual", "vanilla/loss", "dual/backward", "aten::mm"} <= names
    assert list(tmp_path.iterdir()) == [path]


def test_arithmetic_of_a_step_follows_from_shapes(make_runs, dataset):
    runs = make_runs("vanilla", "dual")
    flops = {arm: count_flops(Stepper(run, dataset)) for arm, run in runs.items()}
    batch, queue, dimension = 16, 64, 16
    assert flops["vanilla"]["loss"] == 2 * 2 * batch * queue * dimension  # similarity, and the average of keys
    assert flops["dual"]["loss"] - flops["vanilla"]["loss"] == 2 * batch * batch * dimension
    assert flops["vanilla"]["key_forward"] == flops["vanilla"]["query_forward"]
    assert flops["vanilla"]["optimiser"] == 0


def test_the_share_of_the_ceiling():
    from moco_bench.measure.ceiling import Ceiling
    from moco_bench.profile.timing import Sample

    times = [{"arm": "a", "part": "step", "median_ms": 10.0}, {"arm": "a", "part": "loss", "median_ms": 2.0}]
    samples = [Sample("a", 0, number, "step", 10.0, 0.0, 1.0, joules) for number, joules in enumerate((2.0, 4.0, 3.0))]
    encoders, rest = Ceiling(1e6, 1.0, "bfloat16"), Ceiling(5e5, 1.0, "float32")
    whole, loss = work_rows("a", {"loss": 500}, times, samples, encoders, rest, images=12)
    assert whole["flops_per_second"] == 5e4
    assert whole["share_of_ceiling"] == pytest.approx(0.05)
    assert whole["images_per_joule"] == 4.0
    assert loss["share_of_ceiling"] == pytest.approx(0.5)
    assert loss["joules"] is None
    assert whole["energy"] == "measured"


@pytest.mark.parametrize(
    ("joules", "per_step", "said"),
    [((0.0, 6.0, 0.0), 2.0, "measured"), ((0.0, 0.0), None, "never moved"), ((None, None), None, "not readable")],
)
def test_energy_is_that_of_all_rounds_together(joules, per_step, said):
    """A counter that moves every few milliseconds gives most short turns nothing."""
    from moco_bench.measure.ceiling import Ceiling
    from moco_bench.profile.timing import Sample

    samples = [Sample("a", number, 0, "step", 10.0, 0.0, 1.0, used) for number, used in enumerate(joules)]
    ceiling = Ceiling(1e6, 1.0, "float32")
    (whole,) = work_rows("a", {}, [], samples, ceiling, ceiling, images=12)
    assert whole["joules"] == per_step
    assert whole["images_per_joule"] == (6.0 if per_step else None)
    assert said in whole["energy"]


def test_growth_begins_each_value_with_a_fresh_compiler(make_runs, dataset, monkeypatch):
    resets = []
    monkeypatch.setattr("torch.compiler.reset", lambda: resets.append(1))
    config = GrowthConfig(batch_sizes=(4, 8, 16), repeats=1, steps=1)
    growth_rows(make_runs("vanilla"), dataset, "cpu", config, "vanilla", quiet)
    assert len(resets) == 3
