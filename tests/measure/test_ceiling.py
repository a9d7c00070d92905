import pytest
import torch

from moco_bench.measure.ceiling import measure_ceiling


@pytest.mark.alone
@pytest.mark.slow
def test_the_ceiling_is_positive_and_names_its_precision():
    ceiling = measure_ceiling(torch.device("cpu"), "float32", torch.float32)
    assert ceiling.flops > 1e8
    assert ceiling.bytes > 1e8
    assert ceiling.precision == "float32"
