"""The same bytes whatever surrounds a report: variables, matplotlibrc, styles, locale, options of pandas and NumPy."""

import hashlib
import locale
import os
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import seaborn as sns

from moco_bench.report.write import write_report

pytestmark = pytest.mark.slow  # whole reports


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")  # what a command notes for the next one
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path_factory.mktemp("ambient"), synthetic.suite_values(2, epochs=4))
    synthetic_profile.write_profile(path)
    return path


@pytest.fixture(scope="module")
def usual(results):
    write_report(results, results.parent / "usual")
    return digests(results.parent / "usual")


def set_style():
    sns.set_theme(style="darkgrid", context="poster", palette="husl")


def set_matplotlib():
    mpl.rcParams.update({"font.size": 20, "axes.formatter.use_locale": True, "savefig.dpi": 40, "svg.hashsalt": "mine"})


def set_pandas():
    pd.set_option("display.precision", 2)
    pd.set_option("display.float_format", "{:.1f}".format)
    pd.set_option("mode.copy_on_write", True)
    pd.set_option("future.infer_string", True)


def set_numpy():
    np.set_printoptions(precision=1, suppress=True)


def set_locale():
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        return


@pytest.fixture
def restored():
    with mpl.rc_context(), pd.option_context(*(part for name in OPTIONS for part in (name, pd.get_option(name)))):
        before, printed = locale.setlocale(locale.LC_ALL), np.get_printoptions()
        yield
        locale.setlocale(locale.LC_ALL, before)
        np.set_printoptions(**printed)


OPTIONS = ("display.precision", "display.float_format", "mode.copy_on_write", "future.infer_string")


def test_settings_of_the_process_change_nothing(results, usual, restored):
    for change in (set_style, set_matplotlib, set_pandas, set_numpy, set_locale):
        change()
    write_report(results, results.parent / "process")
    assert digests(results.parent / "process") == usual


def test_settings_of_the_environment_change_nothing(results, usual, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nbackend: qtagg\nsavefig.dpi: 12\nno.such.key: 3\n")
    surroundings = {
        "MPLBACKEND": "module://no_such_package.screen", "MATPLOTLIBRC": str(tmp_path), "TZ": "Asia/Kathmandu",
        "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "77", "PYTHONOPTIMIZE": "2", "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "default", "COLUMNS": "20", "MPLCONFIGDIR": str(tmp_path / "a"),
    }  # fmt: skip
    out = results.parent / "environment"
    done = subprocess.run(
        [sys.executable, "-m", "moco_bench.cli.main", "report", str(results), "--out", str(out)],
        env={**os.environ, **surroundings}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert digests(out) == usual


@pytest.mark.parametrize("backend", ["no_such_screen", ""])
def test_the_screen_of_a_notebook_is_not_needed_and_stays_its_own(backend):
    program = "import os, moco_bench.report.write; print(os.environ['MPLBACKEND'])"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "MPLBACKEND": backend}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == backend
