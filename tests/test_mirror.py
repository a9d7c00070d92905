"""Whoever opens a module finds its tests: those of `moco_bench/a/b.py` are `tests/a/test_b.py`, or in `ELSEWHERE`."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "moco_bench"
SEVERAL_LAYERS = {"benchmarks", "browser", "cluster", "docs", "examples", "reliability", "tools", "workflow"}

ELSEWHERE = {
    "cli/test_evaluate.py": "jobs/evaluate jobs/floors jobs/pretrain",
    "cli/test_collect.py": "jobs/collect",
    "cli/test_prepare.py": "jobs/prepare",
    "analyse/test_merge.py": "cli/merge",
    "workflow/test_signals.py": "begin",
    "workflow/test_tune.py": "cli/tune",
    "models/test_trained.py": "cli/export_encoder jobs/export_encoder models/export",
    "components/test_augmentations.py": "components/augmentations/*",
    "components/test_backbones.py": "components/backbones/*",
    "components/test_heads.py": "components/heads/*",
    "components/metrics/test_built_in.py": "components/metrics/*",
    "components/negatives/test_selections.py": "components/negatives/*",
    "components/objectives/test_reading.py": "components/objectives/key_* components/objectives/symmetric",
    "components/datasets/test_checksums.py": "components/datasets/cifar components/datasets/fashion_mnist",
    "components/datasets/test_digits.py": "components/datasets/parts",
    "components/datasets/test_new_sets.py": "components/datasets/[hst]*",
    "components/test_plugin_datasets.py": "components/datasets/base",
    "components/test_plugins.py": "components/plugin_descriptions",
    "components/test_readings.py": "components/objectives/info_nce components/objectives/query_queue",
    "contrast/test_loss.py": "components/objectives/base",
    "contrast/test_loss_gradients.py": "components/objectives/scaled_positive",
    "evaluate/test_lbfgs.py": "evaluate/softmax_regression",
    "analyse/test_analysis_plan.py": "suite/config/analysis",
    "suite/test_checkpoint_arm.py": "suite/config/checkpoint",
    "suite/config/test_encoder_spelling.py": "suite/config/encoder",
    "suite/checks/test_profile.py": "suite/config/profile",
    "testing/test_conformance.py": "testing/*",
}
"""Files of tests, and the modules without a test of their own name that they are of. Such a file names each of them."""


def names_in(module: str) -> list[str]:
    """The functions and classes of a module; without any it only declares, and needs no test."""
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    return re.findall(r"^(?:class|def) (\w+)", text, flags=re.MULTILINE)


def modules_without_own_test() -> list[str]:
    """Such as `jobs/collect`."""
    paths = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"]
    without = [path for path in paths if not (TESTS / path).with_name(f"test_{path.name}").is_file()]
    assert len(paths) - len(without) > 250
    return [module for path in without if names_in(module := path.with_suffix("").as_posix())]


def test_every_module_has_a_test_of_its_name_or_one_place_in_the_table() -> None:
    places = [pattern for patterns in ELSEWHERE.values() for pattern in patterns.split()]
    for module in modules_without_own_test():
        found = [pattern for pattern in places if fnmatch(module, pattern)]
        assert len(found) == 1, f"{module}: write tests/{module}, as test_NAME.py, or name a test in ELSEWHERE: {found}"


@pytest.mark.parametrize("file", ELSEWHERE)
def test_a_test_of_several_modules_names_each_of_them(file: str) -> None:
    text = (TESTS / file).read_text(encoding="utf-8")
    for pattern in ELSEWHERE[file].split():
        modules = [module for module in modules_without_own_test() if fnmatch(module, pattern)]
        assert modules, f"{pattern} has a test of its own name, or is no module: it needs no place here"
        for module in modules:
            stem = Path(module).name
            names = {stem, stem.replace("_", "-"), *names_in(module)} - {"base", "run", "add_arguments"}
            assert any(re.search(rf"\b{name}\b", text) for name in names), f"{file} names nothing of {module}"


def test_folders_of_tests_mirror_those_of_the_package() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - {Path()}
    mirrored = {folder for folder in folders if folder.parts[0] not in SEVERAL_LAYERS}
    assert len(mirrored) > 20
    assert not [folder for folder in mirrored if not (PACKAGE / folder).is_dir()]
