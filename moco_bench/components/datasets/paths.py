"""Paths in a suite file, where `~` is the home folder."""

from pathlib import Path

from moco_bench.errors import InputError


def user_path(text: str, key: str) -> Path:
    """The path that a user means: a leading `~` is the home folder, as in a shell; every other character is itself.

    Raises:
        InputError: a NUL, which no path can hold, or a home folder that isn't known. `key` names the setting.
    """
    if "\0" in text:
        raise InputError(f"{key}: {text} holds a NUL character, which no path can; remove it")
    try:
        return Path(text).expanduser() if text.startswith("~") else Path(text)
    except RuntimeError:
        raise InputError(f"{key}: {text} begins with a home folder that isn't known here; write it out") from None
