"""A figure of the report: drawn by a section, and as the page shows it."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plot:
    """A drawn figure with the data behind it; `alt` says in words what it shows."""

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure
    data: pd.DataFrame


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: drawn, with the words and the data of its `Plot`."""

    name: str
    title: str
    caption: str
    alt: str
    data: pd.DataFrame
    svg: str
    png: bytes
