"""Fixtures of all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """A folder with real CIFAR-10 as torchvision unpacks it (`cifar-10-batches-py`), and what else lies there.

    It is MOCO_BENCH_DATA, or the repository's `data`. Without it a test is skipped, and fails where
    MOCO_BENCH_REQUIRE_DATA=1 promises that it is there.
    """
    folder = Path(os.environ.get("MOCO_BENCH_DATA", ROOT / "data"))
    if not (folder / "cifar-10-batches-py").is_dir():
        message = f"no cifar-10-batches-py in {folder}: set MOCO_BENCH_DATA to a folder with real CIFAR-10"
        if os.environ.get("MOCO_BENCH_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
