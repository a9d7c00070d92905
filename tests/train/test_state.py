"""The state of a run: what it begins with, and that a trained encoder is the one that its record describes."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from moco_bench.errors import InputError
from moco_bench.train.optimiser import build_optimiser
from moco_bench.train.precision import resolve_numerics
from moco_bench.train.randomness import ChainedHash
from moco_bench.train.state import Progress, hash_of_weights, initial_encoder, initial_state, trained_encoder

SHAPE = {"channels": 1, "image_size": 8}


def state_of(run):
    return initial_state(run, resolve_numerics(run.train, "cpu"), **SHAPE)


def test_the_key_encoder_begins_as_a_copy_and_gets_no_gradient(make_run):
    state = state_of(make_run())
    assert hash_of_weights(state.query_encoder) == hash_of_weights(state.key_encoder)
    assert not any(parameter.requires_grad for parameter in state.key_encoder.parameters())
    assert all(parameter.requires_grad for parameter in state.query_encoder.parameters())
    assert state.query_queue is None


def test_arms_of_a_seed_begin_alike_and_seeds_differently(make_run):
    plain, other, seeded = (
        state_of(run) for run in (make_run(), make_run({"contrast": {"dual_view": "query-queue"}}), make_run(seed=1))
    )
    assert hash_of_weights(plain.query_encoder) == hash_of_weights(other.query_encoder)
    assert torch.equal(plain.queue.keys, other.queue.keys)
    assert not torch.equal(other.query_queue.keys, other.queue.keys)
    assert hash_of_weights(plain.query_encoder) != hash_of_weights(seeded.query_encoder)


def test_the_optimiser_is_the_suites(make_run):
    adamw = state_of(make_run({"train": {"optimiser": "adamw", "learning_rate": 0.001}})).optimiser
    assert isinstance(adamw, torch.optim.AdamW)
    sgd = state_of(make_run({"train": {"sgd_momentum": 0.7, "weight_decay": 0.01}})).optimiser
    assert (sgd.defaults["momentum"], sgd.defaults["weight_decay"]) == (0.7, 0.01)


def test_adamw_finds_its_counts_of_steps_on_the_cpu_after_it_was_restored(make_run):
    # On a GPU AdamW reads them in every step. Here the weights are on the device "meta".
    state = state_of(make_run({"train": {"optimiser": "adamw", "learning_rate": 0.001}}))
    for parameter in state.query_encoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    state.optimiser.step()
    saved = state.optimiser.state_dict()
    restored = state_of(make_run({"train": {"optimiser": "adamw", "learning_rate": 0.001}}))
    encoder = restored.query_encoder.to("meta")
    optimiser = build_optimiser(make_run({"train": {"optimiser": "adamw"}}).train, encoder)
    optimiser.load_state_dict(saved)
    for of_parameter in optimiser.state.values():
        assert (of_parameter["step"].device.type, of_parameter["exp_avg"].device.type) == ("cpu", "meta")


def test_progress_is_the_same_after_it_was_stored():
    hash_so_far = ChainedHash()
    hash_so_far.update(b"order")
    progress = Progress(step=3, order_hash=hash_so_far, foreign_load=[(1.0, 0.5)], joules=[None])
    again = Progress.from_state_dict(progress.state_dict())
    assert again.order_hash.state == hash_so_far.state != again.augment_hash.state
    assert (again.step, again.foreign_load, again.joules) == (3, [(1.0, 0.5)], [None])
    assert {field.name for field in dataclasses.fields(Progress)} == set(progress.state_dict())


def test_a_trained_encoder_is_read_with_its_hash(make_run, tmp_path):
    run, path = make_run(), tmp_path / "encoder.safetensors"
    encoder = initial_encoder(make_run(seed=5), **SHAPE)
    save_file(encoder.state_dict(), path)
    hashes = {"encoder": hash_of_weights(encoder)}
    assert hash_of_weights(trained_encoder(run, path, hashes, **SHAPE)) == hashes["encoder"]
    with pytest.raises(InputError, match=r"not the weights that run\.json describes"):
        trained_encoder(run, path, {"encoder": "another"}, **SHAPE)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        trained_encoder(run, path, hashes, **SHAPE)
    with pytest.raises(InputError, match="no such file"):
        trained_encoder(run, tmp_path / "absent", hashes, **SHAPE)


def test_a_hash_sees_names_shapes_and_bits():
    def hash_of(**buffers):
        module = torch.nn.Module()
        for name, value in buffers.items():
            module.register_buffer(name, value)
        return hash_of_weights(module)

    ones = torch.ones(2, 3)
    assert hash_of(a=ones) == hash_of(a=ones.clone())
    assert len({hash_of(a=ones), hash_of(b=ones), hash_of(a=ones.view(3, 2)), hash_of(a=ones.nextafter(ones * 2))}) == 4
