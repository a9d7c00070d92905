"""A report in a real browser: Debian's chromium, driven by Playwright."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The path of a report with holes, replicates, failures and four arms."""
    name = "synthetic_results"
    if name not in sys.modules:
        path = Path(__file__).parent.parent / "report" / "synthetic_results.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    synthetic = sys.modules[name]
    from moco_bench.analyse.write import analyse
    from moco_bench.report.write import write_report

    root = tmp_path_factory.mktemp("browser")
    values = {**synthetic.suite_values(4), "repeat_seeds": [0]}
    results = synthetic.write_results(root / "results", values, missing=("both/seed3",), failed=("filter/seed2",))
    analyse(results)
    return write_report(results, root / "reports" / "synthetic")


@pytest.fixture(scope="module")
def browser():
    """A headless chromium; skips where there is none, unless MOCO_BENCH_REQUIRE_BROWSER is 1.

    It ends with its module: while Playwright lives, the process has a running event loop, in which Snakemake
    refuses to work.
    """
    required = os.environ.get("MOCO_BENCH_REQUIRE_BROWSER") == "1"
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    missing = "" if executable else "no chromium (Debian: apt-get install chromium)"
    if importlib.util.find_spec("playwright") is None:
        missing = "playwright isn't installed (pip install 'moco-bench[dev]')"
    if missing:
        if required:
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, report):
    """A function that opens the report with given options; the test fails on any message in the console."""
    contexts, messages = [], []

    def open_with(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("requestfailed", lambda request: messages.append(f"failed: {request.url}"))
        page.goto(report.as_uri())
        return page

    yield open_with
    for context in contexts:
        context.close()
    assert messages == []
