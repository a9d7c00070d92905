"""Files of two folders of results that belong to no one version of a suite are refused before anything is written."""

import pytest

from moco_bench.cli.main import main
from moco_bench.components.plugins import load_plugins
from moco_bench.files import sealed, write_json
from moco_bench.suite.copies import with_plugins


def merge(*roots, out):
    return main(["merge", *map(str, roots), "--out", str(out)])


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"fingerprint": "g"}, "has other settings than"),
        ({"images": "x"}, "has other images than"),
        ({"images": "x", "seed": 1}, "describes other images than"),
    ],
)
def test_what_is_not_one_suite_is_refused(make_run, second, message, tmp_path, capsys):
    """Runs are compared by their records, the files beside them by `check_equal_files`."""
    make_run(tmp_path / "a")
    make_run(tmp_path / "b", **second)

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("equal", [True, False])
def test_a_search_comes_along_and_only_one(make_run, equal, tmp_path, capsys):
    for name, rate in (("a", 0.1), ("b", 0.1 if equal else 0.2)):
        make_run(tmp_path / name)
        write_json(tmp_path / name / "tiny" / "tuned.json", sealed({"chosen": rate}))
        (tmp_path / name / "tiny" / "tune.csv").write_text("arm,score\n")

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == (0 if equal else 2)
    assert ("tuned.json: another search than" in capsys.readouterr().err) != equal
    assert [(tmp_path / "out" / "tiny" / name).exists() for name in ("tuned.json", "tune.csv")] == [equal] * 2


@pytest.mark.parametrize(("cost", "epochs"), [(1.4, 7), (1.41, 7), (1.2, 8)])
def test_costs_of_two_machines_agree_on_epochs_or_are_refused(make_run, cost, epochs, tmp_path, capsys):
    suite = {
        "name": "tiny", "dataset": "digits", "encoder": "resnet-compact", "seeds": 2, "contrast": {"queue_size": 128},
        "budgets": ["epochs", "seconds"], "train": {"epochs": 10, "batch_size": 64},
        "arms": {"vanilla": None, "both": {"contrast": {"dual_view": "key-in-batch"}}},
    }  # fmt: skip
    place = {"dataset": "digits", "encoder": "resnet-compact", "arm": "both", "budget": "seconds"}
    for seed, (name, relative) in enumerate((("a", 1.4), ("b", cost))):
        make_run(tmp_path / name, seed=seed)
        write_json(tmp_path / name / "tiny" / "suite.yaml", suite)
        write_json(tmp_path / name / "tiny" / "costs.json", sealed({"costs": [{**place, "relative": relative}]}))

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == (0 if epochs == 7 else 2)
    told = f"costs.json: gives both {epochs} epochs at equal seconds"
    assert (told in capsys.readouterr().err) == (epochs != 7)
    assert (tmp_path / "out" / "tiny" / "costs.json").exists() == (epochs == 7)


SUITE_WITH_AN_IDEA = """
name: tiny
dataset: digits
encoder: resnet-compact
contrast: {queue_size: 128}
train: {epochs: 10, batch_size: 64}
arms: {vanilla: null, own: {contrast: {negatives: {rule: softened}}}}
plugins: [idea.py]
"""
IDEA = """
from typing import Literal
from moco_bench.components import Negatives

class Soft(Negatives):
    '''Weighs keys by how hard they are.'''
    rule: Literal["softened"] = "softened"

    def log_weight(self, similarity, temperature):
        return similarity
"""


@pytest.mark.parametrize("equal", [True, False])
def test_suites_with_plugins_are_compared_without_running_them(make_run, equal, tmp_path, capsys):
    for seed, name in enumerate(("a", "b")):
        idea = tmp_path / f"of-{name}" / "idea.py"
        idea.parent.mkdir()
        idea.write_text(IDEA if equal or name == "a" else f"{IDEA}# changed\n")
        make_run(tmp_path / name, seed=seed)
        text = with_plugins(f"# on machine {name}{SUITE_WITH_AN_IDEA}".encode(), load_plugins([idea]))
        (tmp_path / name / "tiny" / "suite.yaml").write_bytes(text)
        (tmp_path / name / "tiny" / "idea.py").write_text("raise SystemExit('run by merge')")

    assert merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "out") == (0 if equal else 2)
    assert ("another suite than" in capsys.readouterr().err) != equal
