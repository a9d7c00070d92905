"""One step of momentum contrast: two views in, updated weights out (He et al., arXiv 1911.05722, algorithm 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from moco_bench.components.negatives import Negatives
from moco_bench.contrast.loss import LossTerms, contrastive_terms
from moco_bench.contrast.momentum import update_momentum_encoder
from moco_bench.contrast.pairs import AtStep
from moco_bench.suite.config import ContrastConfig
from moco_bench.train.precision import Numerics
from moco_bench.train.state import TrainingState
from moco_bench.train.world import ALONE, World


@dataclass(frozen=True)
class StepResult:
    """Results of a step, all detached: scalar loss terms, and embeddings [B, D], unit rows.

    `second_key` are the keys of the first view, which only a loss that swaps the views computes.
    """

    loss: Tensor
    query_loss: Tensor
    key_loss: Tensor | None
    query: Tensor
    key: Tensor
    second_key: Tensor | None


@dataclass(frozen=True)
class Networks:
    """The encoders to call: compiled, or the modules of the state themselves.

    `graphs` tells that they are CUDA graphs, whose outputs live until the next step begins.
    """

    query: nn.Module
    key: nn.Module
    graphs: bool = False


def training_step(
    state: TrainingState,
    networks: Networks,
    views: tuple[Tensor, Tensor],
    sample_index: Tensor,
    *,
    contrast: ContrastConfig,
    numerics: Numerics,
    learning_rate: float,
    negatives: Negatives | AtStep | None,
    shuffle: Tensor | None = None,
    world: World = ALONE,
) -> StepResult:
    """Compute the loss and update both encoders of `state`. `enqueue` must be called next.

    Args:
        state: encoders, queues and optimiser; its progress is the loop's business.
        networks: the encoders of `state` as they are to be called.
        views: two augmented views of the same images, each [B, C, H, W], normalised.
        sample_index: the images' numbers [B]; they mask an image's own older keys, and carry no label.
        contrast: loss, temperature and momentum.
        numerics: device and precision.
        learning_rate: for this step.
        negatives: the selection rule in force, None while the filter warms up.
        shuffle: a permutation [B] for the keys' batch where BatchNorm works in groups: without it the groups of
            query and key would hold the same images, and BatchNorm would leak which belong together.
        world: the ranks that share the batch; `views` are then this rank's rows of it, all else is the whole batch's.
    """
    if networks.graphs:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
    update_momentum_encoder(state.query_encoder, state.key_encoder, contrast.momentum)
    masked = contrast.mask_same_sample
    objective = contrast.loss

    def encode_query(images: Tensor) -> Tensor:
        with numerics.autocast():
            embedding = networks.query(images)
        return world.gather(normalize(embedding.float(), dim=1))

    def encode_key(images: Tensor) -> Tensor:
        with torch.no_grad(), numerics.autocast():
            embedding = networks.key(world.shuffled(images, shuffle))
        embedding = world.gather(embedding)
        if shuffle is not None:
            embedding = embedding[shuffle.argsort()]  # on a GPU cheaper than a deterministic index copy
        return normalize(embedding.float(), dim=1)

    def terms(query: Tensor, key: Tensor) -> LossTerms:
        return contrastive_terms(
            query,
            key,
            state.queue.keys,
            temperature=contrast.temperature,
            objective=objective,
            negatives=negatives,
            sample_index=sample_index if masked else None,
            queue_index=state.queue.sample_index if masked else None,
            query_queue=state.query_queue.keys if state.query_queue is not None else None,
        )

    query, key = encode_query(views[0]), encode_key(views[1])
    first = terms(query, key)
    loss, query_loss, key_loss, second_key = first.total, first.query_term, first.key_term, None
    if objective.swaps_views:
        second_key = encode_key(views[0])
        second = terms(encode_query(views[1]), second_key)
        loss = objective.of_both(first.total, second.total)
        query_loss = (first.query_term + second.query_term) / 2

    if contrast.loss_scale != 1:
        loss = contrast.loss_scale * loss
    _update_weights(state, loss, learning_rate, world)
    world.average_buffers(state.query_encoder, state.key_encoder)

    return StepResult(loss.detach(), query_loss, key_loss, query.detach(), key, second_key)


def enqueue(state: TrainingState, result: StepResult, sample_index: Tensor, contrast: ContrastConfig) -> None:
    """Put a step's keys into the queue: after the loss, so that no key is a negative of its own step."""
    state.queue.enqueue(result.key, sample_index)
    if result.second_key is not None and contrast.enqueue == "both-views":
        state.queue.enqueue(result.second_key, sample_index)
    if state.query_queue is not None:
        state.query_queue.enqueue(result.query, sample_index)


def _update_weights(state: TrainingState, loss: Tensor, learning_rate: float, world: World) -> None:
    for group in state.optimiser.param_groups:
        group["lr"] = learning_rate
    state.optimiser.zero_grad(set_to_none=True)
    scaled: Tensor = state.scaler.scale(loss)
    torch.autograd.backward(scaled)
    world.sum_gradients(state.query_encoder)
    state.scaler.step(state.optimiser)
    state.scaler.update()
