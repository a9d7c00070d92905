"""The Pareto front of accuracy and cost: the arms that no other arm dominates."""

from collections.abc import Sequence


def not_dominated(accuracies: Sequence[float], costs: Sequence[float]) -> list[bool]:
    """Whether each point is on the Pareto front: no other is at least as accurate and as cheap, and better in one.

    By means alone: whether two arms truly differ is what the effects' tests are for.
    """
    points = list(zip(accuracies, costs, strict=True))
    return [
        not any(
            other[0] >= own[0] and other[1] <= own[1] and other != own
            for place, other in enumerate(points)
            if place != i
        )
        for i, own in enumerate(points)
    ]
