from moco_bench.profile import arm_memory as arm_memory_module
from moco_bench.profile import stepper as stepper_module
from moco_bench.profile.capacity import step_mib
from moco_bench.train.compilation import EAGER
from moco_bench.train.step import Networks


def test_an_arms_memory_is_that_of_eager_steps(make_runs, dataset, monkeypatch):
    """Peak and parts alike: the unwatched steps, whose peak counts, must not be compiled either."""
    asked = []

    def networks_of(state, config, *rest, **named):
        asked.append(config.compile)
        return Networks(state.query_encoder, state.key_encoder), EAGER

    monkeypatch.setattr(stepper_module, "networks_of", networks_of)
    monkeypatch.setattr(arm_memory_module, "load_dataset", lambda config: dataset)
    run = make_runs("vanilla", train={"compile": "always"})["vanilla"]
    arm_memory_module.arm_memory(run, "cpu", evaluation=False)
    step_mib(run, dataset, "cpu", 8)
    assert asked == ["never", "never"]
