"""The three ways a command ends other than well; `moco_bench.cli.main` turns each into an exit code."""


class InputError(Exception):
    """What the user gave can't be used. The message is one line: what is wrong, where, what would be right. Exit 2."""


class Interrupted(Exception):
    """A signal stopped the run after its checkpoint was written; the same command goes on from there. Exit 75."""


class RunFailed(Exception):
    """The run itself came to an end that is a result (divergence, collapse). The message is the reason. Exit 0."""
