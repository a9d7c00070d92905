"""Runs small enough to be killed hundreds of times, and what they leave when nobody disturbs them."""

import os
import pickle
import sys
from pathlib import Path

import pytest
from filelock import FileLock

os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the fork server
sys.path.insert(0, str(Path(__file__).parent))  # the fork server and its processes import helpers by name

from chains import ARMS, Chain, write_suite


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite file: four arms with filter warm-up, same-sample mask and split BatchNorm, seconds of training."""
    return write_suite(tmp_path_factory.mktemp("suite") / "tiny.yaml")


@pytest.fixture(scope="session")
def undisturbed(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Chain]:
    """Each arm's run, trained, evaluated and collected without a disturbance; once for all workers of pytest."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with FileLock(folder / "undisturbed.lock"):
        made = folder / "undisturbed" / "chains.pickle"
        if not made.exists():
            made.parent.mkdir(exist_ok=True)
            made.write_bytes(pickle.dumps(make_undisturbed(suite, made.parent)))
        chains: dict[str, Chain] = pickle.loads(made.read_bytes())
    return chains


def make_undisturbed(suite: Path, folder: Path) -> dict[str, Chain]:
    """Run the chains of all arms."""
    chains = {arm: Chain(suite, arm, folder / arm) for arm in ARMS}
    for chain in chains.values():
        chain.folder.mkdir(exist_ok=True)
        chain.finish()
        taken_over = (chain.run / "metrics.json").read_bytes()
        chain.forget_evaluation()
        assert chain.execute("evaluate").code == 0
        chain.places["evaluate, computing"] = chain.passed("evaluate")
        assert (chain.run / "metrics.json").read_bytes() == taken_over
    return chains
