import torch

from benchmarks.launches import LaunchCounter


def test_operators_are_counted_by_part_and_views_cost_nothing():
    counter, numbers = LaunchCounter(), torch.arange(6.0)
    with counter.counting():
        numbers.view(2, 3).t()[0].unsqueeze(0)
        counter("sum")
        (numbers + 1).sum()
        counter("in place")
        numbers.mul_(2)
        torch.empty(3)
        counter("sum")
        numbers.sum()
    assert counter.launches() == 4
    assert counter.launches("sum") == 3
    assert dict(counter.operators["in place"]) == {"mul_": 1}
    assert counter.waits == {}


def test_every_way_to_read_a_value_is_a_wait():
    numbers, counter = torch.arange(6.0), LaunchCounter()
    for name, read in {
        "item": lambda: numbers[0].item(),
        "float": lambda: float(numbers.sum()),
        "if": lambda: bool(numbers[0] > 1),
        "nonzero": lambda: numbers.nonzero(),
        "mask": lambda: numbers[numbers > 2],
        "written by mask": lambda: numbers.index_put_((numbers > 2,), torch.tensor(0.0)),
    }.items():
        counter(name)
        with counter.counting():
            read()
        assert counter.waits.get(name), name


def test_an_index_of_numbers_is_no_wait():
    with LaunchCounter().counting() as counter:
        torch.arange(6.0)[torch.tensor([1, 2])]
    assert counter.waits == {}
