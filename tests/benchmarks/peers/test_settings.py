import json

import pytest

from benchmarks.peers.settings import ENCODERS, timing, workload
from moco_bench.errors import InputError


@pytest.mark.parametrize("cores", [1, 2, 3, 16])
@pytest.mark.parametrize("quick", [True, False])
def test_every_worker_delivers_equally_many_of_the_timed_batches(cores, quick):
    how = timing(cores, 2, quick=quick)
    assert how.workers == how.threads == cores
    assert how.steps % cores == 0


def test_the_parts_of_a_quick_benchmark_leave_time_for_its_setup():
    parts = len(ENCODERS) + 2  # and two losses
    assert parts * timing(2, len(ENCODERS), quick=True).seconds <= 300


def test_a_workload_is_what_json_makes_of_it():
    plain = workload().plain()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["encoders"]["resnet-compact"]["width"] == 16


def test_an_unknown_encoder_is_refused():
    with pytest.raises(InputError, match="no encoder 'vgg'"):
        workload(("vgg",))
