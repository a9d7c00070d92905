"""Fields that every fingerprint holds are fields that there are."""

from moco_bench.components.registry import PACKAGES, built_in
from moco_bench.suite import config
from moco_bench.suite.identity.spelt_out import SPELT_OUT


def test_every_section_and_field_of_the_list_exists():
    sections = {name: cls for name, cls in vars(config).items() if name.endswith("Config")}
    sections |= {cls.__name__: cls for kind in PACKAGES for cls in built_in(kind).values()}
    assert set(SPELT_OUT) <= set(sections)
    for name, fields in SPELT_OUT.items():
        there = set(sections[name].model_fields) | set(getattr(sections[name], "RETIRED", ()))
        assert set(fields) - there <= {"name", "dual_view", "key_weight"}, name
