"""The first screen: effect of each ingredient with its uncertainty, cost, and whether anything was learnt."""

from moco_bench.report.sections.first_screen.figures import interaction_figure
from moco_bench.report.sections.first_screen.notes import first_screen_cost
from moco_bench.report.sections.first_screen.summary import summarise

__all__ = ["first_screen_cost", "interaction_figure", "summarise"]
