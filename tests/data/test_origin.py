from moco_bench.data.origin import Remark, joined, remarks


def test_the_first_name_stands_for_all_of_a_reason():
    found = remarks([("hidden", "b"), ("no image", "x"), ("hidden", "a")])

    assert found == (Remark("hidden", 2, "b"), Remark("no image", 1, "x"))


def test_remarks_on_parts_are_remarks_on_the_whole():
    names = [("turned", "1"), ("hidden", "2"), ("turned", "3"), ("cut", "4"), ("turned", "5")]

    assert joined(remarks(names[start : start + 2]) for start in (0, 2, 4)) == remarks(names)
    assert joined([(), ()]) == ()
