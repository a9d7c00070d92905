import subprocess
import sys
from types import ModuleType

import pytest

from moco_bench.components import Negatives, Objective
from moco_bench.components.negatives import Hardest
from moco_bench.components.registry import built_in, ideas_in


def test_the_package_has_its_ideas():
    assert {"all", "hardest", "easiest", "random", "drop-hardest", "band", "threshold"} <= set(built_in("negatives"))
    assert {"none", "key-anchored", "key-in-batch", "query-queue", "scaled-positive", "symmetric"} <= set(
        built_in("objective")
    )


@pytest.mark.parametrize(("kind", "base"), [("negatives", Negatives), ("objective", Objective)])
def test_every_idea_says_what_it_is(kind, base):
    for name, idea in built_in(kind).items():
        assert issubclass(idea, base)
        assert idea.title() == name
        assert idea.summary().endswith("."), name
        assert idea.cost
        for key, field in idea.model_fields.items():
            assert key == idea.tag or field.description, (name, key)


def test_finding_them_needs_no_torch():
    code = "import sys\nfrom moco_bench.components.registry import PACKAGES, built_in\n"
    code += "assert all(map(built_in, PACKAGES))\nimport moco_bench.suite.plan, moco_bench.suite.load\n"
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_module_imports_is_not_its_own():
    module = ModuleType("mine")
    module.Hardest = Hardest
    assert ideas_in(module) == {}
