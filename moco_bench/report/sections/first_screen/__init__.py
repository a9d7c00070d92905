"""The first screen: what each ingredient is worth, how certain that is, what it costs, and what was learnt at all."""

from moco_bench.report.sections.first_screen.figures import interaction_figure
from moco_bench.report.sections.first_screen.notes import first_screen_cost
from moco_bench.report.sections.first_screen.summary import summarise

__all__ = ["first_screen_cost", "interaction_figure", "summarise"]
