"""Where profiling is off it costs nothing: the training loop neither loads nor calls it."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from moco_bench.profile.accounting import HeapWatch
from moco_bench.profile.memory import watch_step
from moco_bench.profile.stepper import Stepper
from moco_bench.profile.timing import time_steps
from moco_bench.profile.work import count_flops
from moco_bench.train.loop import Hooks, Trainer
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state
from moco_bench.train.step import Networks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trainer_of(dataset, tmp_path):
    def make(run) -> Trainer:
        numerics = resolve_numerics(run.train)
        state = initial_state(run, numerics, channels=1, image_size=8)
        hooks = Hooks(lambda: False, lambda row: None, tmp_path, {})
        networks = Networks(state.query_encoder, state.key_encoder)
        return Trainer(run, state, networks, dataset, numerics, hooks)

    return make


def profile(run, dataset) -> None:
    stepper = Stepper(run, dataset)
    time_steps({run.arm: stepper}, repeats=1, steps=1, warmup_steps=1)
    watch_step(stepper, HeapWatch())
    count_flops(stepper)


def test_no_function_of_the_profiler_runs_in_training(make_runs, dataset, trainer_of):
    run = make_runs("vanilla")["vanilla"]
    profile(run, dataset)
    trainer, files = trainer_of(run), set()

    def note(frame, event, given):
        files.add(frame.f_code.co_filename)

    gc.collect()
    sys.setprofile(note)
    try:
        trainer.train()
    finally:
        sys.setprofile(None)
    own = {Path(name).relative_to(ROOT / "moco_bench").parts for name in files if "/moco_bench/" in name}
    assert ("train", "step.py") in own
    assert not {parts for parts in own if parts[0] == "profile"}
    assert {parts for parts in own if parts[0] == "measure"} <= {
        ("measure", name)
        for name in ("load.py", "memory.py", "stopwatch.py", "process.py", "quota.py", "energy.py", "nvml.py")
    }


def test_a_training_process_never_loads_the_profiler(tmp_path):
    """`moco-bench pretrain`, from the suite file to its results."""
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "name: small\ndataset: {name: digits, train_limit: 100}\nencoder: {name: resnet-compact, width: 8}\n"
        "contrast: {queue_size: 64}\ntrain: {epochs: 1, batch_size: 32, device: cpu}\n"
        "evaluate: {knn_k: 5}\nprofile: {}\narms: {vanilla: }\n"
    )
    words = ["pretrain", str(suite), "--run", "digits/resnet-compact/vanilla/seed0", "--results", str(tmp_path)]
    program = (
        "import sys; from moco_bench.cli.main import main; "
        f"code = main({words!r}); "
        "assert 'moco_bench.train.step' in sys.modules; "
        "print([name for name in sys.modules if name.startswith('moco_bench.profile')]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("[]")
