"""One training step against its formulas, pair by pair in float64: losses, weights, and what is enqueued."""

import copy
import math

import pytest
import torch
from torch.nn.functional import normalize

from moco_bench.contrast import Hardest
from moco_bench.contrast.pairs import AtStep
from moco_bench.train import loop
from moco_bench.train.loop import Hooks, Trainer
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.state import initial_state
from moco_bench.train.step import Networks, enqueue, training_step

BATCH, QUEUE, DIMENSION = 16, 64, 16
TAU, MOMENTUM, RATE, DECAY = 0.3, 0.7, 0.5, 0.01
WEIGHT = 0.3
INDEX = torch.arange(100, 100 + BATCH)

CASES = {
    "halved": {"loss_scale": 0.5},
    "sum": {"dual_view": "key-in-batch", "combine": "sum"},
    "symmetric-sum": {"dual_view": "symmetric", "combine": "sum"},
    "vanilla": {},
    "key-anchored": {"dual_view": "key-anchored"},
    "key-in-batch": {"dual_view": "key-in-batch"},
    "query-queue": {"dual_view": "query-queue"},
    "symmetric": {"dual_view": "symmetric"},
    "both-views": {"dual_view": "symmetric", "enqueue": "both-views"},
}


class Case:
    """A step about to be taken: the state before it, with encoders that differ and a queue that knows its images."""

    def __init__(self, make_run, contrast, *, groups=1):
        self.run = make_run(
            {
                "contrast": {"temperature": TAU, "momentum": MOMENTUM, "key_weight": WEIGHT, **contrast},
                "encoder": {"batch_norm_groups": groups},
                "train": {"weight_decay": DECAY, "channels_last": False},
            }
        )
        self.contrast = self.run.contrast
        self.numerics = resolve_numerics(self.run.train)
        self.state = initial_state(self.run, self.numerics, channels=1, image_size=8)
        generator = torch.Generator().manual_seed(7)
        for parameter in self.state.key_encoder.parameters():
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
        self.views = tuple(torch.randn(BATCH, 1, 8, 8, generator=generator) for _ in range(2))
        # Every third slot holds a key of the batch's own images; the pointer stands where the ring will close.
        for queue in filter(None, (self.state.queue, self.state.query_queue)):
            queue.sample_index[::3] = INDEX.repeat(2)[: len(queue.sample_index[::3])]
            queue.load_state_dict({**queue.state_dict(), "pointer": torch.tensor(QUEUE - BATCH // 2)})
        self.shuffle = torch.randperm(BATCH, generator=generator) if groups > 1 else None
        self.before = copy.deepcopy(self.state)

    def take(self, negatives=None):
        networks = Networks(self.state.query_encoder, self.state.key_encoder)
        result = training_step(
            self.state, networks, self.views, INDEX,
            contrast=self.contrast, numerics=self.numerics, learning_rate=RATE, negatives=negatives,
            shuffle=self.shuffle,
        )  # fmt: skip
        enqueue(self.state, result, INDEX, self.contrast)
        return result


class Plain:
    """The same step in float64, by loops."""

    def __init__(self, case, keep=None):
        self.case, self.keep = case, keep
        before = case.before
        self.query_encoder = copy.deepcopy(before.query_encoder).double()
        self.key_encoder = copy.deepcopy(before.key_encoder).double()
        for name, own in self.key_encoder.named_parameters():
            own.data = MOMENTUM * own.data + (1 - MOMENTUM) * self.query_encoder.get_parameter(name).data
        self.queue = before.queue.keys.double()
        self.query_queue = before.query_queue.keys.double() if before.query_queue is not None else None
        first, second = (view.double() for view in case.views)
        self.query, self.key = self.encode_query(first), self.encode_key(second)
        self.other_query = self.other_key = None
        if case.contrast.dual_view == "symmetric":
            self.other_query, self.other_key = self.encode_query(second), self.encode_key(first)

    def encode_query(self, images):
        return normalize(self.query_encoder(images), dim=1)

    @torch.no_grad()
    def encode_key(self, images):
        order = range(BATCH) if self.case.shuffle is None else self.case.shuffle.tolist()
        encoded = normalize(self.key_encoder(images[list(order)]), dim=1)
        keys = torch.empty_like(encoded)
        for place, image in enumerate(order):
            keys[image] = encoded[place]
        return keys

    def info_nce(self, anchors, positives, queue):
        """Of each anchor against its positive and what of the queue is a negative; the mean."""
        images = self.case.before.queue.sample_index
        losses = []
        for i in range(BATCH):
            own = images == INDEX[i] if self.case.contrast.mask_same_sample else torch.zeros(QUEUE, dtype=torch.bool)
            kept = [j for j in range(QUEUE) if not own[j]]
            if self.keep is not None:
                kept = sorted(kept, key=lambda j: -float(anchors[i].detach() @ queue[j]))[: self.keep]
            positive = (anchors[i] @ positives[i] / TAU).exp()
            negative = sum((anchors[i] @ queue[j] / TAU).exp() for j in kept)
            losses.append(-(positive / (positive + negative)).log())
        return sum(losses) / BATCH

    def loss(self):
        query_term = self.info_nce(self.query, self.key, self.queue)
        match self.case.contrast.dual_view:
            case "none":
                return self.case.contrast.loss_scale * query_term
            case "symmetric":
                both = query_term + self.info_nce(self.other_query, self.other_key, self.queue)
                return both if self.case.contrast.combine == "sum" else both / 2
            case "key-anchored":
                key_term = self.info_nce(self.key, self.query, self.queue)
            case "query-queue":
                key_term = self.info_nce(self.key, self.query, self.query_queue)
            case "key-in-batch":
                logits = self.key @ self.query.T / TAU
                key_term = sum(logits[i].exp().sum().log() - logits[i, i] for i in range(BATCH)) / BATCH
        return (1 if self.case.contrast.combine == "sum" else 1 - WEIGHT) * query_term + WEIGHT * key_term

    def weights(self):
        """The query encoder's after a step of SGD without a past."""
        self.query_encoder.zero_grad()
        self.loss().backward()
        return {
            name: own.data - RATE * (own.grad + DECAY * own.data)
            for name, own in self.query_encoder.named_parameters()
            if own.grad is not None
        }

    def enqueued(self, queue, *batches):
        """A ring after these batches."""
        keys, images = queue.keys.double().clone(), queue.sample_index.clone()
        slot = int(queue.pointer)
        for batch in batches:
            for row, image in zip(batch.detach(), INDEX, strict=True):
                keys[slot], images[slot] = row, image
                slot = (slot + 1) % QUEUE
        return keys, images


def assert_same(case, result, plain):
    assert float(result.loss) == pytest.approx(float(plain.loss().detach()), rel=1e-4)
    weights = dict(case.state.query_encoder.named_parameters())
    for name, expected in plain.weights().items():
        torch.testing.assert_close(weights[name].data.double(), expected, rtol=1e-3, atol=2e-4, msg=name)
    for name, own in case.state.key_encoder.named_parameters():
        torch.testing.assert_close(own.data.double(), plain.key_encoder.get_parameter(name).data, msg=name)
    batches = (plain.key, plain.other_key) if case.contrast.enqueue == "both-views" else (plain.key,)
    assert_queue(case.state.queue, plain.enqueued(case.before.queue, *batches))
    if case.state.query_queue is not None:
        assert_queue(case.state.query_queue, plain.enqueued(case.before.query_queue, plain.query))


def assert_queue(queue, expected):
    torch.testing.assert_close(queue.keys.double(), expected[0], rtol=1e-3, atol=1e-4)
    assert torch.equal(queue.sample_index, expected[1])


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("name", CASES)
def test_a_step_is_what_its_formulas_say(name, groups, make_run):
    case = Case(make_run, CASES[name], groups=groups)

    result = case.take()

    assert_same(case, result, Plain(case))


@pytest.mark.parametrize("name", ["vanilla", "symmetric", "query-queue"])
def test_without_the_mask_an_images_own_keys_are_negatives(name, make_run):
    masked, bare = (Case(make_run, {**CASES[name], "mask_same_sample": mask}) for mask in (True, False))

    result = bare.take()

    assert_same(bare, result, Plain(bare))
    assert not math.isclose(float(masked.take().loss), float(result.loss), rel_tol=1e-3)


@pytest.mark.parametrize("name", ["vanilla", "symmetric"])
def test_the_rule_selects_among_the_keys_of_other_images(name, make_run):
    case = Case(make_run, CASES[name])

    result = case.take(Hardest(count=5))

    assert_same(case, result, Plain(case, keep=5))


def test_shuffling_changes_which_keys_are_normalised_together(make_run):
    shuffled, straight = (Case(make_run, {}, groups=4) for _ in range(2))
    straight.shuffle = None

    assert not torch.allclose(shuffled.take().key, straight.take().key, atol=1e-3)


def test_the_terms_are_the_means_that_the_history_names(make_run):
    case = Case(make_run, CASES["symmetric"])
    result = case.take()
    assert float(result.query_loss) == pytest.approx(float(result.loss))
    assert result.key_loss is None

    case = Case(make_run, CASES["key-in-batch"])
    result = case.take()
    mixed = (1 - WEIGHT) * float(result.query_loss) + WEIGHT * float(result.key_loss)
    assert mixed == pytest.approx(float(result.loss), rel=1e-5)


def test_the_history_shows_the_draw_that_the_step_used(make_run, dataset, tmp_path, monkeypatch):
    """A random rule draws from a generator, which the step has moved on when its negatives are diagnosed."""
    run = make_run({"contrast": {"negatives": {"rule": "random", "fraction": 0.25}}})
    numerics = resolve_numerics(run.train)
    state = initial_state(run, numerics, channels=1, image_size=8)
    networks = Networks(state.query_encoder, state.key_encoder)
    nobody = Hooks(lambda: False, lambda row: None, tmp_path, {})
    trainer = Trainer(run, state, networks, dataset, numerics, nobody)
    used, shown = [], []
    ranks = AtStep.ranks

    def noted(self, queue_size, temperature=1.0):
        drawn = ranks(self, queue_size, temperature)
        used.append(drawn.seed)
        return drawn

    def diagnose(state, query, key, *, negatives, **more):
        shown.append((used[-1], ranks(negatives, QUEUE).seed))

    monkeypatch.setattr(AtStep, "ranks", noted)
    monkeypatch.setattr(loop.history, "note_diagnosis", diagnose)
    trainer.train()

    assert len(shown) == 12
    assert len({step for step, _ in shown}) == 12
    assert all(step == diagnosed for step, diagnosed in shown)
