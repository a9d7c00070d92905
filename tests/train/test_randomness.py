import torch

from moco_bench.train.randomness import ChainedHash, epoch_order, stream, stream_seed


def test_streams_are_told_apart_by_each_of_their_names():
    seeds = {stream_seed(s, p, i) for s in range(3) for p in ("order", "augmentation") for i in range(50)}

    assert len(seeds) == 300
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_streams_do_not_touch_the_global_generator():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    torch.rand(3, generator=stream(0, "order"))

    assert torch.equal(torch.get_rng_state(), before)


def test_an_order_visits_each_image_once():
    order = epoch_order(0, 3, 100)

    assert sorted(order.tolist()) == list(range(100))
    assert not torch.equal(order, epoch_order(0, 4, 100))


def test_a_chained_hash_goes_on_from_its_state():
    whole, first = ChainedHash(), ChainedHash()
    for part in (b"a", b"b", b"c"):
        whole.update(part)
    first.update(b"a")
    second = ChainedHash(first.state)
    second.update(b"b")
    second.update(b"c")

    assert second.state == whole.state
    assert first.state != whole.state


def test_a_chained_hash_knows_where_parts_end():
    one, other = ChainedHash(), ChainedHash()
    one.update(b"ab")
    one.update(b"c")
    other.update(b"a")
    other.update(b"bc")

    assert one.state != other.state
