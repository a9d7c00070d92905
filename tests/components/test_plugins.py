"""Plug-ins as a user meets them: a file beside a suite, through to the report's reading of the results."""

import importlib.util
import json
import subprocess
import sys

import pytest
import yaml

from moco_bench.cli.main import main
from moco_bench.components.plugin_descriptions import described, from_description
from moco_bench.components.plugins import Plugins, load_plugins
from moco_bench.errors import InputError
from moco_bench.suite.identity.analysis import analysis_fingerprint
from moco_bench.suite.load import load_suite, parse_suite
from moco_bench.suite.runs import expand
from moco_bench.suite.strict_yaml import read_yaml

SOFT = '''"""A rule of my own."""
from typing import ClassVar, Literal

from moco_bench.components import Negatives


class Soft(Negatives):
    """Weighs keys by how hard they are."""

    source: ClassVar[str] = "my notebook"
    rule: Literal["soft"] = "soft"
    power: float = 1.0

    def log_weight(self, similarity, temperature):
        return self.power * similarity
'''
MARGIN = '''from typing import Literal

from moco_bench.components import Objective, Terms
from helper import hinge


class Margin(Objective):
    """A hinge."""

    name: Literal["margin"] = "margin"

    def terms(self, batch):
        return Terms(hinge(batch.query_sum() - batch.positive / batch.temperature))
'''
HELPER = "def hinge(x):\n    return (1 + x).clamp_min(0).mean()\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ideas").mkdir()
    for name, text in (("soft", SOFT), ("margin", MARGIN), ("helper", HELPER)):
        (tmp_path / "ideas" / f"{name}.py").write_text(text)
    write(tmp_path)
    return tmp_path


def write(folder, **changes):
    suite = {
        "name": "mine",
        "plugins": ["ideas/soft.py", "ideas/margin.py"],
        "dataset": "digits",
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 16},
        "contrast": {"queue_size": 64},
        "train": {"epochs": 1, "batch_size": 64, "precision": "float32"},
        "evaluate": {"knn_k": 20, "corruptions": False, "floors": False},
        "arms": {
            "vanilla": None,
            "soft": {"contrast": {"negatives": "soft"}},
            "softer": {"contrast": {"negatives": {"rule": "soft", "power": 0.5}}},
            "margin": {"contrast": {"objective": "margin"}},
        },
    } | changes
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))
    return folder / "suite.yaml"


def fingerprints(folder):
    return {run.arm: run.fingerprint for run in expand(load_suite(folder / "suite.yaml"))}


@pytest.mark.parametrize(
    ("file", "arms"), [("soft", {"soft", "softer"}), ("margin", {"margin"}), ("helper", {"margin"})]
)
def test_an_edit_changes_the_fingerprints_of_the_arms_that_use_the_file(folder, file, arms):
    before = fingerprints(folder)
    path = folder / "ideas" / f"{file}.py"
    path.write_text(path.read_text() + "\n# another line\n")
    after = fingerprints(folder)
    assert {arm for arm in before if before[arm] != after[arm]} == arms


def test_two_files_beside_each_other_have_the_same_fingerprint_anywhere(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "ideas").mkdir()
    for path in (folder / "ideas").glob("*.py"):
        (elsewhere / "ideas" / path.name).write_bytes(path.read_bytes())
    write(elsewhere)
    assert fingerprints(elsewhere) == fingerprints(folder)


def test_the_copy_in_the_results_needs_neither_torch_nor_the_files(folder, monkeypatch):
    suite = folder / "suite.yaml"
    registered = analysis_fingerprint(load_suite(suite))
    assert main(["collect", str(suite), "--results", str(folder / "results")]) == 0
    before = fingerprints(folder)
    for path in (folder / "ideas").glob("*.py"):
        path.unlink()
    copy = folder / "results" / "mine" / "suite.yaml"
    code = (
        "import sys; from pathlib import Path; from moco_bench.analyse.analysis_plan import plan_for\n"
        "from moco_bench.suite.runs import expand\n"
        f"plan = plan_for(Path({str(copy.parent)!r})); print(plan.fingerprint)\n"
        "print(*(run.fingerprint for run in expand(plan.suite))); sys.exit('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert told == [registered, *before.values()]
    arm = parse_suite(read_yaml(copy), str(copy)).ideas.known("negatives")["soft"]
    assert (arm.summary(), arm.source) == ("Weighs keys by how hard they are.", "my notebook")


def test_descriptions_can_be_read_again(folder):
    told = described(load_suite(folder / "suite.yaml").ideas)
    assert described(from_description(json.loads(json.dumps(told)))) == told
    with pytest.raises(InputError, match="recorded_plugins: not what"):
        from_description([{"kind": "negatives"}])
    assert described(Plugins()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = (\n", r"soft.py:2: SyntaxError"),
        ("x = 1\n\nraise ValueError('no')\n", r"soft.py:3: ValueError: no"),
        ("import no_such_module\n", r"soft.py:1: ModuleNotFoundError"),
        (SOFT.replace('"soft"', '"hardest"'), r"soft.py:7: 'hardest' is the name of a built-in"),
        ("x = 1\n", r"soft.py: defines no idea"),
        (
            MARGIN.replace("terms", "term").replace("from helper import hinge\n", ""),
            r"soft.py:6: has no method `terms`",
        ),
        (SOFT.replace("power: float", "power: NoSuchType"), r"soft.py:12: NameError"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(folder, text, said, capsys):
    (folder / "ideas" / "soft.py").write_text(text)
    assert main(["plan", str(folder / "suite.yaml")]) == 2
    complaint = capsys.readouterr().err.strip()
    assert "\n" not in complaint
    with pytest.raises(InputError, match=said):
        load_suite(folder / "suite.yaml")


def test_a_mistake_in_a_formula_is_told_when_it_runs(folder, capsys):
    path = folder / "ideas" / "soft.py"
    path.write_text(SOFT.replace("self.power * similarity", "similarity.no_such_thing"))
    where = ["--results", str(folder / "results")]
    assert main(["prepare", str(folder / "suite.yaml"), "--dataset", "digits", *where]) == 0
    run = "digits/resnet-compact/soft/seed0"
    capsys.readouterr()
    assert main(["pretrain", str(folder / "suite.yaml"), "--run", run, *where]) == 2
    assert "soft.py:15: AttributeError" in capsys.readouterr().err.splitlines()[-1]


def test_names_are_one_to_an_idea_and_unknown_ones_are_told(folder):
    (folder / "ideas" / "twin.py").write_text(SOFT)
    with pytest.raises(InputError, match=r"twin.py:7: another plug-in of this suite is called 'soft'"):
        load_plugins([folder / "ideas" / "soft.py", folder / "ideas" / "twin.py"])
    with pytest.raises(InputError, match="no such file"):
        load_plugins([folder / "ideas" / "missing.py"])
    write(folder, arms={"vanilla": None, "soft": {"contrast": {"negatives": "sofd"}}})
    with pytest.raises(InputError, match=r"'sofd' is none of .*did you mean 'soft'"):
        load_suite(folder / "suite.yaml")
    write(folder, arms={"vanilla": None, "soft": {"contrast": {"negatives": {"rule": "soft", "power": "big"}}}})
    with pytest.raises(InputError, match=r"arms.soft.contrast: negatives.power: .*not 'big'"):
        load_suite(folder / "suite.yaml")


@pytest.mark.parametrize("package", ["module", "package", "folder"])
def test_what_a_plug_in_imports_is_found_and_nothing_else_that_lies_there(folder, package):
    ideas = folder / "ideas"
    name = f"beside_{package}"
    text = "FACTOR = 2.0\n"
    if package == "module":
        (ideas / f"{name}.py").write_text(text)
    else:
        (ideas / name).mkdir()
        (ideas / name / ("__init__.py" if package == "package" else "factors.py")).write_text(text)
    imported = name if package != "folder" else f"{name}.factors"
    before = "        return self.power"
    late = SOFT.replace(before, f"        from {imported} import FACTOR\n        return FACTOR * self.power")
    (ideas / "bottleneck.py").write_text(late)
    rule = load_plugins([ideas / "bottleneck.py"]).ideas["negatives"]["soft"]()
    assert rule.log_weight(1.0, 0.2) == 2 * rule.power
    assert importlib.util.find_spec("bottleneck") is None  # an optional package of pandas
    assert str(ideas) not in sys.path


def test_an_idea_of_one_suite_is_none_of_another(folder):
    load_suite(folder / "suite.yaml")
    write(folder, plugins=[])
    with pytest.raises(InputError, match="'soft' is none of"):
        load_suite(folder / "suite.yaml")


def test_an_installed_packages_ideas_are_found_by_name(folder, monkeypatch):
    site = folder / "site"
    (site / "mypack-1.0.dist-info").mkdir(parents=True)
    (site / "mypack-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mypack\nVersion: 1.0\n")
    (site / "mypack-1.0.dist-info" / "entry_points.txt").write_text("[moco_bench.plugins]\nsoft = mypack\n")
    (site / "mypack.py").write_text(SOFT)
    monkeypatch.syspath_prepend(str(site))
    suite = write(folder, plugins=[], arms={"vanilla": None, "soft": {"contrast": {"negatives": "soft"}}})
    runs = {run.arm: run for run in expand(load_suite(suite))}
    assert runs["soft"].contrast.negatives.code is not None
    assert runs["vanilla"].contrast.negatives.code is None


LAYERS = '''"""An encoder of my own."""
from typing import ClassVar, Literal

from moco_bench.components import Backbone, Built


class Layers(Backbone):
    """Pixels, shrunk."""

    source: ClassVar[str] = "my notebook"
    name: Literal["layers"] = "layers"
    sizes: dict[str, int] = {"side": 2}

    def build(self, channels, image_size, norm_layer):
        from torch import nn

        side = self.sizes["side"]
        return Built(nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Flatten()), channels * side * side)
'''


def test_an_encoders_settings_may_hold_a_mapping(tmp_path):
    """Such an encoder has no hash, so nothing may look an arm up by it."""
    (tmp_path / "layers.py").write_text(LAYERS)
    arms = {"vanilla": None, "dual": {"contrast": {"dual_view": "key-in-batch"}}}
    suite = {"name": "mine", "dataset": "digits", "encoder": {"name": "layers"}, "plugins": ["layers.py"], "arms": arms}
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(suite))
    assert main(["plan", str(tmp_path / "suite.yaml"), "--results", str(tmp_path / "results")]) == 0
