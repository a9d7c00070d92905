"""Losses of one batch as the package forms them, and written out in float64, one anchor and one sum at a time."""

import torch
from torch.nn.functional import normalize

from moco_bench.contrast import contrastive_loss

TAU = 0.3


def rows(count, seed, dimension=5):
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, dimension, generator=generator, dtype=torch.float64), dim=1)


QUERY, QUEUE = rows(6, 0), rows(23, 2)
KEY = normalize(QUERY + 0.5 * rows(6, 1), dim=1)
OWN, IMAGES = torch.arange(6), torch.tensor([0, 0, 3, *range(100, 120)])


def found(**settings):
    query = QUERY.clone().requires_grad_()
    images = {"sample_index": OWN, "queue_index": IMAGES}
    loss = contrastive_loss(query, KEY, QUEUE, temperature=settings.pop("temperature", TAU), **images, **settings)
    loss.backward()
    return loss.detach(), query.grad


def written_out(formula):
    """The mean of a formula of one query, its key and the keys of other images, with its gradient."""
    query = QUERY.clone().requires_grad_()
    losses = [formula(query[i], KEY[i], QUEUE[OWN[i] != IMAGES]) for i in range(len(QUERY))]
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.detach(), query.grad


def exponentials(q, keys, tau=TAU):
    return [torch.exp(q @ n / tau) for n in keys]


def info_nce(positive, negative):
    return -torch.log(positive / (positive + negative))
