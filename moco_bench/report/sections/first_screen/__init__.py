"""The first screen: what each ingredient is worth, how sure that is, what it costs, and what was learnt at all."""

from moco_bench.report.sections.first_screen.baselines import floors
from moco_bench.report.sections.first_screen.cost import first_screen_cost
from moco_bench.report.sections.first_screen.summary import summarise

__all__ = ["first_screen_cost", "floors", "summarise"]
