"""An arm whose encoder was trained elsewhere: which runs it has, what their fingerprints hold, what is refused."""

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.checks.comparisons import automatic_pairs
from moco_bench.suite.checks.suite import check_suite
from moco_bench.suite.load import parse_suite
from moco_bench.suite.profiled import profiled_runs
from moco_bench.suite.runs import expand


@pytest.fixture
def files(tmp_path):
    for name in ("one", "theirs0", "theirs1"):
        (tmp_path / f"{name}.pth").write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def suite_of(raw, files):
    def made(**changes):
        arms = {
            "one": {"encoder": {"checkpoint": str(files / "one.pth")}},
            "theirs": {"encoder": {"checkpoint": str(files / "theirs{seed}.pth")}},
        }
        return parse_suite({**raw, "arms": {**raw["arms"], **arms}, **changes}, "here")

    return made


def of_arm(suite, arm):
    return [run for run in expand(suite) if run.arm == arm]


def test_one_file_is_one_run_and_a_file_for_each_seed_as_many(suite_of, files):
    suite = suite_of()
    check_suite(suite)
    assert [run.seed for run in of_arm(suite, "one")] == [0]
    assert [run.checkpoint for run in of_arm(suite, "theirs")] == [files / "theirs0.pth", files / "theirs1.pth"]
    assert [run.seed for run in of_arm(suite, "vanilla")] == [0, 1]


def test_seeds_that_may_pair_are_compared_and_a_single_encoder_is_not(suite_of):
    assert set(automatic_pairs(suite_of())) == {"dual-vanilla", "filter-vanilla", "theirs-vanilla"}


def test_it_is_known_by_its_content_and_no_setting_of_a_training_matters(suite_of, files):
    (before,) = (run.fingerprint for run in of_arm(suite_of(), "one"))
    longer = suite_of(train={"epochs": 5, "batch_size": 64}, contrast={"queue_size": 512})
    assert of_arm(longer, "one")[0].fingerprint == before
    assert of_arm(longer, "vanilla")[0].fingerprint != of_arm(suite_of(), "vanilla")[0].fingerprint
    (files / "one.pth").write_bytes(b"another")
    assert of_arm(suite_of(), "one")[0].fingerprint != before
    other_views = suite_of(train={"epochs": 2, "batch_size": 64, "augment": {"flip": 0.0}})
    assert of_arm(other_views, "one")[0].fingerprint != of_arm(suite_of(), "one")[0].fingerprint


def test_arms_lie_side_by_side_whatever_their_networks(suite_of, files):
    arm = {"encoder": {"name": "resnet18-cifar", "checkpoint": str(files / "one.pth")}}
    suite = suite_of(arms={"vanilla": None, "one": arm})
    assert {run.encoder.title for run in expand(suite)} == {"resnet-compact"}
    assert of_arm(suite, "one")[0].encoder.name == "resnet18-cifar"


def test_nothing_is_profiled_that_takes_no_step(suite_of):
    (arms,) = profiled_runs(suite_of()).values()
    assert set(arms) == {"vanilla", "dual", "filter"}


def of_the_copy(suite, name):
    return name in {run.arm for run in expand(suite)}


def test_the_copy_of_a_suite_needs_no_file(suite_of, files):
    (files / "one.pth").unlink()
    suite = suite_of()
    assert of_the_copy(suite, "one")
    assert "theirs-vanilla" in automatic_pairs(suite)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": {"vanilla": None, "one": {"encoder": {"checkpoint": "nowhere.pth"}}}}, "nowhere.pth: no such file"),
        ({"arms": {"vanilla": None, "one": {"encoder": {"checkpoint": "."}}}}, "no ordinary file"),
        ({"arms": {"vanilla": None, "one": {"encoder": {"checkpoint": {"path": "x"}}}}}, "missing|unknown key"),
        (
            {"arms": {"vanilla": None, "one": {"encoder": {"checkpoint": "A"}, "train": {"epochs": 1}}}},
            "arms.one.train: has no effect",
        ),
        ({"budgets": ["epochs", "flops"]}, "isn't trained here"),
        ({"baseline": "one"}, "isn't trained here"),
        ({"contrasts": {"x": ["one", "dual"]}}, "no seeds that pair"),
    ],
)
def test_what_means_nothing_is_refused(suite_of, changes, said):
    with pytest.raises(InputError, match=said):
        check_suite(suite_of(**changes))
