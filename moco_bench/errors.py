"""The ways a command ends other than well; `moco_bench.cli.main` turns each into an exit code."""

import difflib
import errno
from collections.abc import Iterable


def one_line(text: object) -> str:
    """`text` on one line, with unprintable characters escaped: much of a message comes from files of all kinds."""
    words = " ".join(str(text).split())
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in words)


REMEDIES = {
    errno.ENOSPC: "free some space, then run the same command again",
    errno.EDQUOT: "free some of your quota, then run the same command again",
    errno.EROFS: "choose a folder that can be written to",
    errno.EACCES: "choose a folder of your own, or change its permissions",
    errno.EPERM: "choose a folder of your own, or change its permissions",
    errno.ENAMETOOLONG: "shorten the names in the suite, or choose a folder with a shorter path",
    errno.ELOOP: "one of its folders is a link to itself; remove it",
    errno.EMFILE: "allow more open files (`ulimit -n`)",
    errno.ESTALE: "the network file system lost it; run the same command again",
}
"""Remedies for operating system errors, by number."""


def system_error(error: OSError) -> str:
    """An operating system's error in one line: cause, file, and a remedy where one is known."""
    what = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    remedy = REMEDIES.get(error.errno or 0)
    return f"{what}; {remedy}" if remedy else what


def why_unread(error: OSError | ValueError) -> str:
    """Why a file could not be read, in the words of a message."""
    return "no such file" if isinstance(error, FileNotFoundError) else str(error)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`; did you mean 'dual'?` for a word that resembles a known one, upper or lower case; else `otherwise`."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else otherwise


INTERRUPTED = 75
"""Exit code of a command that the same command continues."""


class InputError(Exception):
    """What the user gave can't be used. The message is one line: what is wrong, where, what would be right. Exit 2."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class Interrupted(BaseException):
    """A signal stopped the command; the same command goes on from where it was. Exit `INTERRUPTED`.

    Like KeyboardInterrupt it may come up anywhere, so it is no `Exception`: code that answers whatever goes wrong in
    a library would take it for that.
    """


class RankLost(Exception):
    """Another process of the same run has ended, and this one can't continue alone. The message is one line. Exit 1."""


class RanksDisagree(Exception):
    """The processes of one run have different weights: a machine is broken. The message is one line. Exit 1."""


class RunFailed(Exception):
    """The run failed with a result (divergence, collapse). The message is the reason. Exit 0."""
