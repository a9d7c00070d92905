"""Memory, time and FLOPs as a quantity grows."""

import pytest

from moco_bench.profile.growth import growth_rows, mark_falls
from moco_bench.profile.variants import sweeps
from moco_bench.suite.config import EncoderConfig
from moco_bench.suite.config.profile import GrowthConfig


def quiet(line: str) -> None:
    pass


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


def growth_row(value: float, loss: float, tensor: float = 50.0) -> dict:
    return {"arm": "filter", "quantity": "queue_size", "value": value, "tensor_mib": tensor, "loss_mib": loss}


def test_a_series_that_falls_is_marked():
    rows = [growth_row(size, loss) for size, loss in ((65536, 7.1), (4096, 3.2), (32768, 21.6))]
    mark_falls(rows)
    assert {row["not_monotone"] for row in rows} == {"loss_mib"}
    steady = [growth_row(size, loss) for size, loss in ((1, 7.10), (2, 7.05), (3, 7.1))]
    mark_falls(steady)
    assert {row["not_monotone"] for row in steady} == {""}


@pytest.mark.slow
def test_memory_of_the_loss_falls_where_the_table_says(make_runs, dataset):
    config = GrowthConfig(queue_sizes=(16384, 32768, 33000), repeats=1, steps=1)
    runs = make_runs("vanilla", "filter", train={"batch_size": 128})
    rows = growth_rows(runs, dataset, "cpu", config, "vanilla", quiet)
    filtered = [row for row in rows if row["arm"] == "filter"]
    assert [row["regime"] for row in filtered] == ["stored", "stored", "streamed"]
    assert "loss_mib" in filtered[0]["not_monotone"].split()
    assert {row["not_monotone"] for row in rows if row["arm"] == "vanilla"} == {""}


def test_growth_begins_each_value_with_a_fresh_compiler(make_runs, dataset, monkeypatch):
    resets = []
    monkeypatch.setattr("torch.compiler.reset", lambda: resets.append(1))
    config = GrowthConfig(batch_sizes=(4, 8, 16), repeats=1, steps=1)
    growth_rows(make_runs("vanilla"), dataset, "cpu", config, "vanilla", quiet)
    assert len(resets) == 3
