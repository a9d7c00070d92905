"""`moco-bench new`: writes a file for an idea of your own, and its test."""

import argparse
import re
from pathlib import Path

from moco_bench.components.registry import built_in
from moco_bench.components.templates import TEMPLATES, TEST, USED_AS, filled, module_of
from moco_bench.errors import InputError
from moco_bench.files import write_text

HELP = """Write a file with a working idea of your own, to be changed, and its test.

A suite names the file under `plugins`; docs/plugins.md has the whole way to a report."""
EXAMPLE = "moco-bench new negatives soft-weights --folder ideas"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "kind", choices=sorted(TEMPLATES), metavar="KIND", help=f"one of {', '.join(sorted(TEMPLATES))}"
    )
    parser.add_argument("name", metavar="NAME", help="of the idea, such as soft-weights")
    parser.add_argument("--folder", type=Path, default=Path("ideas"), metavar="DIR", help="default: ideas")


def run(options: argparse.Namespace) -> int:
    """Write both files and print the next steps. Raises `InputError` where a name is taken or a file exists."""
    kind, name = options.kind, options.name
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or len(name) > 64:
        raise InputError(f"NAME: {name!r}; small letters, digits and single hyphens, such as soft-weights")
    if name in built_in(kind):
        raise InputError(f"NAME: {name!r} is the name of a built-in; choose another")
    idea, test = options.folder / f"{module_of(name)}.py", options.folder / f"test_{module_of(name)}.py"
    for path in (idea, test):
        if path.exists():
            raise InputError(f"{path}: is there already; remove it or choose another name")
    write_text(idea, filled(TEMPLATES[kind], name))
    write_text(test, filled(TEST, name))
    print(f"{idea}: the idea\n{test}: its test; run `pytest {test}`")
    print(f"in a suite:\n  plugins: [{idea}]\n  {filled(USED_AS[kind], name)}")
    return 0
