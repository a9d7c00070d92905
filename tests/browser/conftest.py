"""A report in a real browser: Debian's chromium, driven by Playwright."""

import importlib.util
import json
import os
import shutil

import pytest


@pytest.fixture(scope="session")
def report(tmp_path_factory, synthetic):
    """The path of a report with holes, replicates, failures and four arms."""
    from moco_bench.analyse.write import analyse
    from moco_bench.report.write import write_report

    root = tmp_path_factory.mktemp("browser")
    values = {**synthetic.suite_values(4), "repeat_seeds": [0]}
    results = synthetic.write_results(root / "results", values, missing=("both/seed3",), failed=("filter/seed2",))
    analyse(results)
    return write_report(results, root / "reports" / "synthetic")


@pytest.fixture(scope="session")
def full_report(tmp_path_factory, synthetic, synthetic_profile):
    """The path of a report with every section: two data sets, profile, budgets, published numbers."""
    from moco_bench.report.write import write_report

    root = tmp_path_factory.mktemp("full")
    values = {**synthetic.suite_values(3), "repeat_seeds": [0], "budgets": ["epochs", "flops"]}
    del values["dataset"]
    values["datasets"] = ["fashion-mnist-5k", "cifar10"]
    costs = {"dual": 1.3, "filter": 1.1, "both": 1.5}
    results = synthetic.write_results(root / "results", values, costs=costs, foreign=("seed0", "seed1", "seed2"))
    synthetic_profile.write_profile(results, reference=(1.7, 3.4))
    low = {"pixels": {"knn_top1": 95.0, "linear_top1": 97.0}}
    (results / "floors" / "cifar10.json").write_text(json.dumps(low))
    return write_report(results, root / "reports" / "synthetic")


def required_or_skipped(missing):
    """What a test needs of a browser isn't there: a failure where it was asked for, else no test."""
    if os.environ.get("MOCO_BENCH_REQUIRE_BROWSER") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def browser():
    """A headless chromium; skips where there is none, unless MOCO_BENCH_REQUIRE_BROWSER is 1.

    It ends with its module: while Playwright lives, the process has a running event loop, in which Snakemake
    refuses to work.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not executable:
        required_or_skipped("no chromium (Debian: apt-get install chromium)")
    if importlib.util.find_spec("playwright") is None:
        required_or_skipped("playwright isn't installed (pip install 'moco-bench[dev]')")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def axe():
    """axe-core, which looks for what keeps people from using a page; required where the browser is."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        required_or_skipped("axe-playwright-python isn't installed (pip install 'moco-bench[dev]')")
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


@pytest.fixture
def open_page(browser, report):
    """A function that opens a report with given options; the test fails on any message in the console."""
    contexts, messages = [], []

    def open_with(shown=report, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("requestfailed", lambda request: messages.append(f"failed: {request.url}"))
        page.goto(shown.as_uri())
        return page

    yield open_with
    for context in contexts:
        context.close()
    assert messages == []
