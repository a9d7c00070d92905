"""Which of several arms can't be beaten in accuracy without paying more, nor in cost without losing accuracy."""

from collections.abc import Sequence


def not_dominated(accuracies: Sequence[float], costs: Sequence[float]) -> list[bool]:
    """For each of several points whether no other is at least as accurate and as cheap, and better in one of the two.

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
