"""The contenders compute the same thing: equal weights and views give equal losses and weights, step after step."""

import multiprocessing
from dataclasses import replace

import pytest
import torch
from PIL import Image

from benchmarks.peers.demo import DemoLoop, pil_transform
from benchmarks.peers.own import run_of
from moco_bench.data.views import RecipeViews
from moco_bench.suite.config import TrainConfig
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_encoder, initial_state
from moco_bench.train.step import Networks, enqueue, training_step

CPU = torch.device("cpu")
TRAIN = TrainConfig(batch_size=8, precision="float32", channels_last=False, device="cpu", threads=1)


@pytest.fixture
def views():
    """Three steps' views; 3 * 8 keys go through a queue of 20, so the ring closes."""
    generator = torch.Generator().manual_seed(3)
    return [tuple(torch.randn(8, 3, 32, 32, generator=generator) for _ in range(2)) for _ in range(3)]


@pytest.fixture
def run(tiny):
    tiny = replace(tiny, contrast=tiny.contrast.model_copy(update={"queue_size": 20}))
    return run_of("resnet-compact", tiny, TRAIN)


@pytest.fixture
def state(run):
    return initial_state(run, resolve_numerics(TRAIN), channels=3, image_size=32)


def own_losses(run, state, views):
    losses = []
    for step, pair in enumerate(views):
        images = torch.arange(8) + 8 * step
        result = training_step(
            state,
            Networks(state.query_encoder, state.key_encoder),
            pair,
            images,
            contrast=run.contrast,
            numerics=resolve_numerics(TRAIN),
            learning_rate=TRAIN.learning_rate,
            negatives=None,
        )
        enqueue(state, result, images, run.contrast)
        losses.append(result.loss.item())
    return losses


def encoder_pair(run):
    return [initial_encoder(run, channels=3, image_size=32) for _ in range(2)]


def test_the_plain_loop_and_the_training_step_agree(run, state, views, images):
    queue = state.queue.keys
    demo = DemoLoop(*encoder_pair(run), images, queue=queue, contrast=run.contrast, train=TRAIN, workers=0, device=CPU)

    theirs = [demo.train_on(*pair).item() for pair in views]
    ours = own_losses(run, state, views)

    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(set(theirs)) == 3
    for mine, other in (
        (state.query_encoder, demo.query_encoder),
        (state.key_encoder, demo.key_encoder),
    ):
        for (name, parameter), their_parameter in zip(mine.named_parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(parameter, their_parameter, rtol=1e-4, atol=1e-6, msg=name)
    pairs = zip(demo.query_encoder.parameters(), demo.key_encoder.parameters(), strict=True)
    assert any(not torch.equal(query, key) for query, key in pairs)


@pytest.mark.usefixtures("require_lightly")
def test_lightly_and_the_training_step_agree(run, state, views, images):
    from benchmarks.peers.lightly_loop import LightlyLoop

    # At the end of its bank lightly leaves out the keys that don't fit; before that it is a queue as any other.
    run = replace(run, contrast=run.contrast.model_copy(update={"queue_size": 32}))
    state = initial_state(run, resolve_numerics(TRAIN), channels=3, image_size=32)
    loop = LightlyLoop(
        *encoder_pair(run), images, contrast=run.contrast, train=TRAIN, dimension=run.encoder.dimension, workers=0,
        device=CPU,
    )  # fmt: skip
    bank, keys = loop._criterion.memory_bank.bank, state.queue.keys
    bank.copy_(keys if bank.shape == keys.shape else keys.T)

    theirs = [loop.train_on(*pair).item() for pair in views]

    assert own_losses(run, state, views) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_turn_trains_and_leaves_no_process_behind(run, state, images, workers):
    loop = DemoLoop(
        *encoder_pair(run), images, queue=state.queue.keys, contrast=run.contrast, train=TRAIN, workers=workers,
        device=CPU,
    )  # fmt: skip
    before = [parameter.clone() for parameter in loop.query_encoder.parameters()]

    with loop.turn() as step:
        step()
        assert len(multiprocessing.active_children()) == workers

    assert multiprocessing.active_children() == []
    after = loop.query_encoder.parameters()
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_views_of_pil_and_of_tensors_have_the_same_statistics(run, images):
    """Both draw from the same distribution: over many views of one image, equal mean and spread."""
    image, count = images.train.images[:1], 200
    two_views = pil_transform(TRAIN.augment, images)
    photograph = Image.fromarray(image[0].permute(1, 2, 0).numpy())
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torchvision's transforms draw from the global generator
        theirs = torch.stack([view for _ in range(count // 2) for view in two_views(photograph)])
    augmentation = RecipeViews(TRAIN.augment, images.mean, images.std)
    parameters = augmentation.draw(count, 32, 32, torch.Generator().manual_seed(0))
    ours = augmentation.apply(image.expand(count, -1, -1, -1), parameters)

    assert ours.shape == theirs.shape
    standard_error = theirs.mean(dim=(1, 2, 3)).std() / (count / 2) ** 0.5
    assert abs(ours.mean() - theirs.mean()) < 4 * standard_error
    assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.05)
