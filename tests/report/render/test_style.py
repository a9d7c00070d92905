"""Arms and parts can be told apart, in colour and without."""

from moco_bench.report.render.style import arm_styles, part_styles


def test_arms_differ_without_colour_too():
    styles = list(arm_styles(["vanilla", "dual", "filter", "both", *(f"a{k}" for k in range(96))]).values())
    assert len({(s.colour, s.marker) for s in styles}) == 100
    first = styles[:10]
    assert len({s.marker for s in first}) == len({str(s.dash) for s in first}) == len({s.colour for s in first}) == 10


def test_the_2x2_looks_the_same_beside_whatever_other_arms():
    fixed = arm_styles(["vanilla", "both"])
    assert {arm: style for arm, style in arm_styles(["z", "both", "a", "vanilla"]).items() if arm in fixed} == fixed


def test_the_first_ten_parts_differ_and_keep_their_order():
    parts = [f"part {number}" for number in range(12)]
    styles = part_styles(parts)
    assert list(styles) == parts
    assert len({(style.colour, style.hatch) for style in styles.values()}) == 10
