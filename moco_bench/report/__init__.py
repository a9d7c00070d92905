"""Renders a results directory as pages for people: figures, tables, HTML and Markdown. No torch."""

import os

# matplotlib refuses to load where MPLBACKEND names a screen that this environment lacks, as a notebook's does. Nothing
# here needs a screen, so it loads without that variable, which stays as it is for everybody else.
_BACKEND = os.environ.pop("MPLBACKEND", None)
try:
    import matplotlib  # noqa: F401
finally:
    if _BACKEND is not None:
        os.environ["MPLBACKEND"] = _BACKEND
