"""Runs small enough to be killed hundreds of times, and what they leave when nobody disturbs them."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the fork server
sys.path.insert(0, str(Path(__file__).parent))  # the fork server and its processes import helpers by name

from chains import ARMS, Chain, write_suite


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite file: four arms with filter warm-up, same-sample mask and split BatchNorm, seconds of training."""
    return write_suite(tmp_path_factory.mktemp("suite") / "tiny.yaml")


@pytest.fixture(scope="session")
def undisturbed(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Chain]:
    """Each arm's run, trained, evaluated and collected without a disturbance."""
    chains = {arm: Chain(suite, arm, tmp_path_factory.mktemp(arm)) for arm in ARMS}
    for chain in chains.values():
        chain.finish()
        taken_over = (chain.run / "metrics.json").read_bytes()
        chain.forget_evaluation()
        assert chain.execute("evaluate").code == 0
        chain.places["evaluate, computing"] = chain.passed("evaluate")
        assert (chain.run / "metrics.json").read_bytes() == taken_over
    return chains
