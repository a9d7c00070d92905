import pytest

from moco_bench.analyse.floors import Floors, whole_floors

WHOLE = {
    "pixels": {"knn_top1": 77.5},
    "random_encoder": {"resnet-compact": {"0": {"knn_top1": 60, "linear_top1": 70.5}}},
    "largest_class": None,
}


def test_a_whole_file_is_taken_as_it_is():
    assert whole_floors({"digits": WHOLE}) == {"digits": Floors(**WHOLE)}


def test_a_part_that_was_not_measured_is_empty():
    assert whole_floors({"digits": {}}) == {"digits": Floors()}


@pytest.mark.parametrize("value", [0, None, [], "95", True, 10**400, -1, 100.5, float("nan"), {"a": None}])
@pytest.mark.parametrize(
    "place", [("pixels",), ("random_encoder",), ("random_encoder", "e"), ("random_encoder", "e", "0")]
)
def test_what_is_of_another_shape_or_no_percentage_is_damaged(place, value):
    content = {"pixels": {"knn_top1": 77.5}, "random_encoder": {"e": {"0": {"knn_top1": 60.0}}}}
    *outer, last = place
    holder = content
    for key in outer:
        holder = holder[key]
    holder[last] = value
    assert whole_floors({"digits": content, "cifar10": WHOLE, "unreadable": None}) == {"cifar10": Floors(**WHOLE)}


@pytest.mark.parametrize(
    ("recorded", "read"), [({"name": "shirt", "top1": 31.5}, 31.5), ({"top1": "31"}, None), (7, None)]
)
def test_what_always_naming_the_largest_class_reaches_is_read_where_it_is_a_percentage(recorded, read):
    assert whole_floors({"digits": {**WHOLE, "largest_class": recorded}})["digits"].largest_class == read
