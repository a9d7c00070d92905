"""Several ranks and one process at the same global batch: the same losses, weights and queues, but for rounding."""

import multiprocessing
import sys
from pathlib import Path

import pytest
import torch

from moco_bench.errors import InputError
from moco_bench.train.world import World, device_of, place_in_world

sys.path.insert(0, str(Path(__file__).parent))  # the fork server imports `ranks` by name

from ranks import be_a_rank

STEPS = 51
BOUND = 1e-6
"""Largest difference of a loss (about 4), a weight, a running statistic or a key after `STEPS` steps in float64: it
begins as rounding of 1e-16, by sums in another order, which training amplifies."""

FILTER = {"negatives": {"rule": "hardest", "fraction": 0.25}, "filter_warmup_steps": 3}
ARMS = {
    "vanilla": {},
    "dual": {"dual_view": "key-in-batch"},
    "filter": FILTER,
    "both": {"dual_view": "key-in-batch", **FILTER},
    "random": {"negatives": {"rule": "random"}},
    "symmetric": {"dual_view": "symmetric", "enqueue": "both-views"},
    "query-queue": {"dual_view": "query-queue"},
}
GROUPS = {"whole": 1, "groups": 4}
"""BatchNorm by the whole batch, and by groups that ranks share, with their shuffled keys."""

CASES = [*(f"{arm}-groups" for arm in ARMS), "vanilla-whole", "both-whole", "symmetric-whole"]


def train_together(size, runs, dataset, folder):
    """What each rank of each run has left, by name and rank."""
    torch.save((dataset, runs), folder / "cases.pt")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["ranks"])  # it imports torch, once for all ranks
    ranks = [server.Process(target=be_a_rank, args=(rank, size, folder)) for rank in range(size)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join(300)
    ended = [rank.exitcode for rank in ranks]
    for rank in ranks:
        rank.kill()
    assert ended == [0] * size, [path.read_text() for path in folder.glob("*.errors")]
    return {name: [torch.load(folder / f"{name}.{rank}.pt") for rank in range(size)] for name in runs}


@pytest.fixture(scope="module")
def runs(make_run_at_module_scope):
    train = {"train": {"epochs": STEPS // 3, "batch_size": 32}}
    return {
        f"{arm}-{name}": make_run_at_module_scope(
            {"contrast": changes, "encoder": {"batch_norm_groups": groups, "head": "mlp-bn"}, **train}
        )
        for arm, changes in ARMS.items()
        for name, groups in GROUPS.items()
        if f"{arm}-{name}" in CASES
    }


@pytest.fixture(scope="module")
def of_one(runs, toy_dataset, tmp_path_factory):
    return train_together(1, runs, toy_dataset, tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def of_two(runs, toy_dataset, tmp_path_factory):
    return train_together(2, runs, toy_dataset, tmp_path_factory.mktemp("two"))


def largest_difference(found, expected):
    """Over all tensors and numbers of two nested values."""
    if isinstance(expected, dict):
        return max((largest_difference(found[key], expected[key]) for key in expected), default=0.0)
    return float((torch.as_tensor(found).double() - torch.as_tensor(expected).double()).abs().max())


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_ranks_are_one_process(case, of_one, of_two):
    (alone,), (first, second) = of_one[case], of_two[case]

    assert first["hashes"] == second["hashes"] == alone["hashes"]  # the batches and augmentations of one process
    for what in ("encoder", "key_encoder", "queue", "query_queue"):
        assert largest_difference(first[what], second[what]) == 0, what
    for what in ("losses", "encoder", "key_encoder", "queue", "query_queue"):
        assert largest_difference(first[what], alone[what]) < BOUND, what


@pytest.mark.slow
def test_four_ranks_are_one_process(of_one, runs, toy_dataset, tmp_path):
    cases = {name: runs[name] for name in ("both-groups", "symmetric-whole")}
    found = train_together(4, cases, toy_dataset, tmp_path)

    for name in cases:
        (alone,) = of_one[name]
        for what in ("losses", "encoder", "key_encoder", "queue"):
            assert all(largest_difference(of_rank[what], found[name][0][what]) == 0 for of_rank in found[name])
            assert largest_difference(found[name][0][what], alone[what]) < BOUND, (name, what)


def test_rows_make_up_the_batch():
    rows = [torch.arange(12)[World(rank, 4).rows(12)].tolist() for rank in range(4)]

    assert [row for of_rank in rows for row in of_rank] == list(range(12))


def test_one_process_talks_to_nobody():
    world, rows, order = World(), torch.randn(4, 3), torch.tensor([2, 0, 1, 3])

    assert world.gather(rows) is rows
    assert torch.equal(world.shuffled(rows, order), rows[order])
    assert world.any(True)
    assert world.from_first(lambda: "made here") == "made here"


@pytest.mark.parametrize(("size", "devices"), [(2, 1), (1, 2), (4, 2)])
def test_a_number_of_processes_that_the_run_does_not_ask_for(size, devices):
    environment = {"WORLD_SIZE": str(size), "RANK": "0"}

    with pytest.raises(InputError, match=f"torchrun started {size} .* but the run has `train.devices: {devices}`"):
        place_in_world(devices, environment)
    if size > 1:
        with pytest.raises(SystemExit) as ended:  # one line is enough
            place_in_world(devices, {**environment, "RANK": "1"})
        assert ended.value.code == 2


def test_the_device_of_a_rank(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert device_of(World(1, 2, 1), "auto", 0) == "cpu"
    assert device_of(World(3, 4, 1), "auto", 2) == "cuda:1"
    with pytest.raises(InputError, match="shows 2 CUDA devices; each rank needs one"):
        device_of(World(2, 4, 2), "cuda", 2)


def test_ranks_that_were_given_gpus_do_not_train_on_cpus_unasked(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert device_of(World(1, 2, 1), "cpu", 0) == "cpu"
    with pytest.raises(InputError, match="shows no CUDA device; it doesn't train on a CPU"):
        device_of(World(1, 2, 1), "auto", 0)
