import torch

from moco_bench.contrast.negatives.hashing import random_scores


def scores_of(rows, start, stop, seed):
    return random_scores(torch.arange(rows), torch.arange(start, stop), seed)


def test_entries_are_those_of_the_independent_formulation(reference):
    seed = (-123456789, 2**31 - 1)
    scores = scores_of(5, 0, 9, seed)
    assert scores.dtype == torch.int32
    assert scores.tolist() == [[reference.random_score(i, j, seed) for j in range(9)] for i in range(5)]


def test_a_part_is_a_part_of_the_whole():
    whole = scores_of(4, 0, 100, (1, 2))
    assert scores_of(4, 37, 61, (1, 2)).equal(whole[:, 37:61])
    assert scores_of(2, 0, 100, (1, 2)).equal(whole[:2])


def test_numbers_look_uniform_and_independent():
    scores = scores_of(64, 0, 4096, (3, 4)).double() / 2**23
    assert scores.mean().abs() < 0.005
    assert (scores.square().mean() - 1 / 3).abs() < 0.005
    correlation = torch.corrcoef(scores).fill_diagonal_(0)
    assert correlation.abs().max() < 0.08  # five standard deviations of 1 / sqrt(4096)
    neighbours = torch.corrcoef(torch.stack([scores[:, :-1].flatten(), scores[:, 1:].flatten()]))
    assert neighbours[0, 1].abs() < 0.01


def test_every_key_is_chosen_equally_often():
    chosen = torch.zeros(50)
    for step in range(40):
        order = scores_of(50, 0, 50, (step, -step)).topk(10, dim=1).indices
        chosen += torch.bincount(order.flatten(), minlength=50)
    # Each key's count is binomial with n = 2000 and p = 0.2: mean 400, standard deviation 18.
    assert chosen.sum() == 40 * 50 * 10
    assert (chosen - 400).abs().max() < 5 * 18
