"""The entry point: finds the command, runs it, turns its outcome into an exit code."""

import argparse
import importlib
import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from moco_bench import __version__
from moco_bench.errors import INTERRUPTED, InputError, Interrupted, RankLost, RanksDisagree, one_line, system_error

COMMANDS = {
    "plan": "list the runs of a suite, their state, and why each would run",
    "prepare": "load a data set and write its manifest",
    "tune": "search each arm's settings on held-out training images",
    "pretrain": "train one run, or go on with it",
    "evaluate": "evaluate one run, or a data set's floors",
    "profile": "memory and time of every arm's training step, by cause",
    "collect": "gather all runs of a suite into runs.csv",
    "analyse": "effects, intervals, tests and claims from runs.csv",
    "report": "tables, figures and one HTML page",
    "status": "how far the runs of a suite are",
    "merge": "results of several machines in one folder",
    "export-encoder": "a run's encoder for torchvision, timm or safetensors, with a model card",
    "compare": "two results folders against each other",
    "new": "a file for an idea of your own, and its test",
    "bench": "this package's training step against lightly and a plain loop",
}
"""Each command's name and one line of help; `moco_bench.cli.NAME` is imported only when it is called."""

ONLY_READ = ("plan", "status", "compare")
"""Commands that make no files: where nobody reads what they print, nothing remains to be done."""

BAD_INPUT = 2
OUT_OF_MEMORY = ("memory", "could not create a primitive")  # words of PyTorch's allocators, and of oneDNN


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 done; 2 bad input; 75 interrupted, to be continued by the same command; what a command itself returns.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    warnings.formatwarning = _warning
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path may hold what the terminal can't show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(given)
        if sys.stdout is not None:
            with suppress(BrokenPipeError):  # the command has done its work
                sys.stdout.flush()
        return code
    except InputError as error:
        return _complain(error, BAD_INPUT)
    except Interrupted as error:
        return _complain(error, INTERRUPTED)
    except RanksDisagree as error:
        return _complain(error, 1)
    except RankLost as error:
        from moco_bench.train.launch import LOST, RENDEZVOUS

        return LOST if RENDEZVOUS in os.environ else _complain(error, 1)
    except KeyboardInterrupt:
        return _complain("interrupted; the same command continues", INTERRUPTED)
    except BrokenPipeError:  # `moco-bench plan ... | head`
        if given[:1] and given[0] in ONLY_READ:
            return 0
        return _complain("stopped, as nobody reads its output any more; the same command continues", 1)
    except OSError as error:  # disk full, no permission: the message names the file
        return _complain(system_error(error), 1)
    except Exception as error:
        refused = isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)
        if refused or isinstance(error, MemoryError):
            return _complain(f"out of memory ({str(error)[:300] or 'no more is known'})", 1)
        if mistake := _mistake_of_a_plugin(error):
            return _complain(mistake, BAD_INPUT)
        raise
    finally:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Flush what was printed; drop it where that fails, or Python would try again at its end and exit with 120."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _mistake_of_a_plugin(error: Exception) -> str | None:
    """File, line and error if a plug-in's code raised it; else None."""
    if "moco_bench.components.plugin_file" not in sys.modules:
        return None
    from moco_bench.components.plugin_file import blame

    return blame(error)


def _run(given: list[str]) -> int:
    parser = _Parser(prog="moco-bench", description="Benchmarks and ablations of momentum contrast.")
    parser.add_argument("--version", action="version", version=f"moco-bench {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    named = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name != named:
            subparsers.add_parser(name, help=summary)
            continue
        module = importlib.import_module(f"moco_bench.cli.{name.replace('-', '_')}")
        own = subparsers.add_parser(
            name,
            help=summary,
            description=module.HELP,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(own)
        own.set_defaults(run=module.run)
    options = parser.parse_args(given)
    code: int = options.run(options)
    return code


def _warning(message: Warning | str, *context: object, **more: object) -> str:
    """A warning's text, without the place in the code that raised it."""
    return f"moco-bench: warning: {one_line(message)}\n"


def _complain(message: object, code: int) -> int:
    rank = os.environ.get("RANK", "0")  # of torchrun's processes, or of `train.launch`
    by = f"rank {rank}: " if rank != "0" else ""
    with suppress(OSError):  # where nobody reads it, the exit code says it
        print(f"moco-bench: {by}{one_line(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
