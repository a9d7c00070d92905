"""The three ways a command ends other than well; `moco_bench.cli.main` turns each into an exit code."""


def one_line(text: object) -> str:
    """`text` on one line, escaped where it can't be printed: much of a message comes from files of all kinds."""
    words = " ".join(str(text).split())
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in words)


class InputError(Exception):
    """What the user gave can't be used. The message is one line: what is wrong, where, what would be right. Exit 2."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class Interrupted(BaseException):
    """A signal stopped the command; the same command goes on from where it was. Exit 75.

    Like KeyboardInterrupt it may come up anywhere, so it is no `Exception`: code that answers whatever goes wrong in
    a library would take it for that.
    """


class RunFailed(Exception):
    """The run itself came to an end that is a result (divergence, collapse). The message is the reason. Exit 0."""
