"""Loads and checks a suite file."""

from pathlib import Path
from typing import Any

from moco_bench.components.plugin_descriptions import from_description
from moco_bench.components.plugins import Plugins, load_plugins
from moco_bench.errors import InputError
from moco_bench.suite.checks.profile import check_profile
from moco_bench.suite.checks.suite import check_suite
from moco_bench.suite.metrics import forget_added
from moco_bench.suite.strict_yaml import read_yaml
from moco_bench.suite.suite import Suite
from moco_bench.suite.validation import tuples_for_lists, validate


def load_suite(path: Path | str) -> Suite:
    """Read, validate and check a suite file.

    Raises:
        InputError: anything in it that can't be run, in one line.
    """
    path = Path(path)
    raw = read_yaml(path)
    suite = parse_suite(raw, str(path), plugins=_plugins_of(raw, path))
    try:
        check_suite(suite)
        check_profile(suite)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return suite


def _plugins_of(raw: Any, path: Path) -> Plugins | None:
    files = raw.get("plugins") if isinstance(raw, dict) else None
    if not files or not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        return None  # nothing, or refused with the rest of the suite
    try:
        return load_plugins([path.parent / file for file in files])
    except InputError as error:
        raise InputError(f"{path}: plugins: {error}") from None


def parse_suite(raw: Any, source: str, *, plugins: Plugins | None = None) -> Suite:
    """Validate the plain values of a suite; `source` names them in messages.

    Without `plugins`, its ideas are what the copy of a suite has recorded of them.

    Raises:
        InputError: anything in it that can't be read.
    """
    if not isinstance(raw, dict):
        raise InputError(f"{source}: a suite is a mapping of keys such as `name`, `dataset`, `arms`")
    if plugins is None:
        try:
            plugins = from_description(tuples_for_lists(raw.get("recorded_plugins") or ()))
        except InputError as error:
            raise InputError(f"{source}: {error}") from None
    forget_added()  # by the suite that was read before
    suite = validate(Suite, raw, source, plugins)
    suite._ideas = plugins
    return suite
