"""Synthetic results for the tests of the report; `tests/browser` and `tests/analyse` use the same generators."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def load_generator(name: str) -> ModuleType:
    """A module beside this file, which no test may import by name: test folders aren't packages."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """`write_results`, `suite_values` and the effects they put in."""
    return load_generator("synthetic_results")


@pytest.fixture(scope="session")
def synthetic_profile() -> ModuleType:
    """`write_profile` and the figures it puts in."""
    return load_generator("synthetic_profile")
