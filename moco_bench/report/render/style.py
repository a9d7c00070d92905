"""Colours, markers and hatches of arms and parts, and the settings that all figures share.

Colours are Okabe & Ito's (2008), made for the colour-blind; each arm also has its own marker, dash and hatch, so that
a figure printed in grey can be read. Neutral colours are sentinels that the page replaces by its own for dark mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

INK, MUTED, RULE, PAPER = "#1b1e24", "#5a616b", "#d5d3cb", "#fdfcfa"
PNG_DPI = 150


@dataclass(frozen=True)
class ArmStyle:
    """How one arm is drawn in all figures."""

    colour: str
    marker: str
    dash: Any
    hatch: str


_FIXED = {
    "vanilla": ArmStyle("#6b6b6b", "o", "-", ""),
    "dual": ArmStyle("#0072b2", "s", (0, (5, 1.5)), "///"),
    "filter": ArmStyle("#d55e00", "^", (0, (1.2, 1.2)), "..."),
    "both": ArmStyle("#009e73", "D", (0, (6, 1.5, 1.2, 1.5)), "xxx"),
}
_FURTHER = (
    ArmStyle("#cc79a7", "v", (0, (3, 1)), "\\\\\\"),
    ArmStyle("#b97f00", "P", (0, (8, 2)), "+++"),
    ArmStyle("#3a9bd1", "X", (0, (2, 2)), "ooo"),
    ArmStyle("#7f4fa0", "<", (0, (4, 1, 1, 1, 1, 1)), "---"),
    ArmStyle("#8c5a2b", ">", (0, (1, 3)), "|||"),
    ArmStyle("#4d7a00", "p", (0, (6, 3)), "***"),
)
_STYLES = (*_FIXED.values(), *_FURTHER)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "8")
_PART_HATCHES = ("", "//", "\\\\", "||", "--", "xx", "++", "/", "\\", "|")
THEME: dict[str, Any] = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 9,
    "axes.titlesize": 9.5, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlecolor": INK,
    "axes.titley": 1.0,  # a fixed place: finding one over all ticks takes a tenth of the time
    "axes.labelsize": 9, "axes.labelcolor": MUTED, "axes.edgecolor": RULE, "axes.facecolor": "none",
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
    "grid.color": RULE, "grid.linewidth": 0.6, "figure.facecolor": PAPER, "hatch.linewidth": 0.6,
    "patch.linewidth": 0.8, "legend.frameon": False, "legend.handlelength": 3.2, "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "text.color": INK, "xtick.color": RULE, "ytick.color": RULE, "xtick.labelcolor": MUTED, "ytick.labelcolor": INK,
    "xtick.bottom": False, "ytick.left": False,  # grid lines show the places
    "svg.fonttype": "none",
    "text.hinting": "no_hinting",  # of no use at 150 dots an inch, and a fifth of the time of a PNG
    "text.parse_math": False,  # a dollar sign in the name of an arm is a dollar sign
}  # fmt: skip


def arm_styles(arms: Sequence[str]) -> dict[str, ArmStyle]:
    """A style for every arm: fixed for the 2x2's, the next free one for others.

    Colours repeat after ten arms, and with another marker each time: 130 arms differ.
    """
    further = [arm for arm in arms if arm not in _FIXED]
    styles = {arm: _FIXED[arm] for arm in arms if arm in _FIXED}
    return styles | {arm: _further(place) for place, arm in enumerate(further)}


def _further(place: int) -> ArmStyle:
    place += len(_FIXED)
    turn, own = divmod(place, len(_STYLES))
    style = _STYLES[own]
    return replace(style, marker=_MARKERS[(place + turn) % len(_MARKERS)], hatch=style.hatch + "/") if turn else style


def part_styles(parts: Sequence[str]) -> dict[str, ArmStyle]:
    """A style for each of the parts of a whole, in their order; the first ten differ.

    Their hatches are thin: stacked bars have many of them, and stars and dots make an SVG heavy.
    """
    styles = [replace(style, hatch=hatch) for style, hatch in zip(_STYLES, _PART_HATCHES, strict=True)]
    return {part: styles[place % len(styles)] for place, part in enumerate(parts)}


NAMES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper"} | {
    style.colour: f"c-{style.colour[1:]}" for style in _STYLES
}
