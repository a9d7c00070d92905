"""Compares a benchmark with an earlier one: what got slower beyond a margin and beyond the spread of rounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from moco_bench.errors import InputError

MARGIN = 0.1


class Figure(NamedTuple):
    """A median with its quartiles. Of a cost, such as memory, less is better; of a speed, more."""

    median: float
    quartiles: tuple[float, float]
    cost: bool


@dataclass(frozen=True)
class Change:
    """One figure of the earlier and of the new benchmark.

    Attributes:
        name: of the figure.
        then: its median in the earlier benchmark.
        now: its median now.
        slower: whether it got worse by more than the margin, and the quartiles don't overlap.
    """

    name: str
    then: float
    now: float
    slower: bool


def check_comparable(protocol: int, workload: dict[str, Any], then: dict[str, Any]) -> None:
    """Check that `then` is a benchmark of this `workload`, before time is spent on measuring.

    Raises:
        InputError: it is no benchmark's result, or one of another workload or protocol.
    """
    if then.get("protocol") != protocol or not isinstance(then.get("workload"), dict):
        raise InputError("the baseline is no result of this version's `moco-bench bench --save`")
    different = [key for key, value in workload.items() if then["workload"].get(key) != value]
    if different:
        raise InputError(f"the baseline measured another workload ({', '.join(different)}); use the same options")


def changes(now: dict[str, Any], then: dict[str, Any], margin: float = MARGIN) -> list[Change]:
    """Compare all figures that both benchmarks have.

    Ratios are compared always; images/s only where machine, device and threads are the same.

    Raises:
        InputError: as `check_comparable`, or a figure is missing or damaged in `then`.
    """
    check_comparable(now["protocol"], now["workload"], then)
    try:
        before = dict(_figures(then, speeds=_same_place(now, then)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"the baseline is damaged ({error!r}); make it again with --save") from None
    return [
        Change(name, before[name].median, figure.median, _worse(figure, before[name], margin))
        for name, figure in _figures(now, speeds=True)
        if name in before
    ]


def _worse(now: Figure, then: Figure, margin: float) -> bool:
    if now.cost:
        return now.median > then.median * (1 + margin) and now.quartiles[0] > then.quartiles[1]
    return now.median < then.median * (1 - margin) and now.quartiles[1] < then.quartiles[0]


def _same_place(now: dict[str, Any], then: dict[str, Any]) -> bool:
    return all(now[key] == then.get(key) for key in ("machine", "device")) and (
        now["timing"]["threads"] == then["timing"]["threads"]
    )


def _figures(result: dict[str, Any], *, speeds: bool) -> Iterator[tuple[str, Figure]]:
    for key in ("ratios", "ratios_float32", "ratios_compiled"):
        for encoder, peers in result[key].items():
            for peer, ratio in peers.items():
                if ratio is not None:
                    low, high = result["ratio_quartiles"][key][encoder][peer]
                    yield f"{key}.{encoder}.{peer}", Figure(ratio, (low, high), cost=False)
    for key in ("loss", "loss_short_queue"):
        for rule, cost in result[key].items():
            low, high = cost["time_ratio_quartiles"]
            yield f"{key}.{rule}.time_ratio", Figure(cost["time_ratio"], (low, high), cost=True)
            memory = cost["peak_memory_ratio"]
            yield f"{key}.{rule}.peak_memory_ratio", Figure(memory, (memory, memory), cost=True)
    if speeds:
        for encoder, contenders in result["throughput"].items():
            for name, speed in contenders.items():
                if name.startswith("moco_bench") and "absent" not in speed:
                    low, high = speed["quartiles"]
                    yield f"images/s.{encoder}.{name}", Figure(speed["images_per_second"], (low, high), cost=False)
