from moco_bench.profile.stepper import Stepper


def test_unwatched_steps_of_a_profile_pass_through_no_stand_in(make_runs, dataset, monkeypatch):
    """Why profiling costs nothing where it is off: not because it was found to be little."""
    from moco_bench.profile import stepper as module

    def observed(*given):
        raise AssertionError("a step that nobody watches was wrapped")

    monkeypatch.setattr(module, "observed", observed)
    Stepper(make_runs("vanilla")["vanilla"], dataset).step()
