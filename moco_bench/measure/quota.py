"""Limits by this process's control groups: processor time, memory, and how long quotas made it wait."""

import os
from pathlib import Path

import psutil

SYSTEM = Path("/sys")
MEMBERSHIP = Path("/proc/self/cgroup")
MEMORY_LIMITS = ("memory.max", "memory.limit_in_bytes")
"""Files of version 2 and version 1; the latter holds a number beyond any memory if there is no limit."""

THROTTLED = {"throttled_usec": 1e6, "throttled_time": 1e9}
"""Keys of throttled time in `cpu.stat` of version 2 and version 1, with units per second."""


def available_cores() -> int:
    """Number of cores that this process may use; on a shared machine fewer than it has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_cores(system: Path = SYSTEM, membership: Path = MEMBERSHIP) -> float:
    """Number of cores that this process may use: those of its affinity, or a smaller quota."""
    quotas = [_quota_cores(group) for group in control_groups("cpu", system, membership)]
    return min([float(available_cores()), *(quota for quota in quotas if quota is not None)])


def usable_memory(system: Path = SYSTEM, membership: Path = MEMBERSHIP) -> int:
    """Bytes of memory that this process may use: the machine's, or a smaller limit of its groups (a container's)."""
    limits = [
        int(text)
        for group in control_groups("memory", system, membership)
        for name in MEMORY_LIMITS
        if (text := _text(group / name).strip()).isdigit()  # or `max`, or no such file
    ]
    return min([psutil.virtual_memory().total, *limits])


def quota_seconds(system: Path = SYSTEM, membership: Path = MEMBERSHIP) -> float | None:
    """Seconds for which quotas have made the process's groups wait so far; None if no group tells."""
    told = [_throttled_seconds(group) for group in control_groups("cpu", system, membership)]
    known = [seconds for seconds in told if seconds is not None]
    return sum(known) if known else None


def control_groups(controller: str, system: Path = SYSTEM, membership: Path = MEMBERSHIP) -> list[Path]:
    """Folders of the process's groups with this controller, and of their parents, which limit it as well.

    A container may show its own group as the root while the kernel names the path outside of it: the root is always
    among the folders, and some of them may not exist.
    """
    root, folders = system / "fs/cgroup", []
    for controllers, path in _memberships(membership, controller):
        mounts = [root / controllers, root / controller] if controllers else [root, root / "unified"]
        names = [name for name in path.split("/") if name]
        if ".." in names:  # outside of what this process is shown
            names = []
        folders += [mount.joinpath(*names[:depth]) for mount in mounts for depth in range(len(names) + 1)]
    return list(dict.fromkeys(folder.resolve() for folder in folders))  # `cpu` is often a link to `cpu,cpuacct`


def _memberships(membership: Path, controller: str) -> list[tuple[str, str]]:
    """Controllers and paths of the groups that limit the process; version 2 names no controllers.

    It comes first: where both versions are mounted, the controller is with version 1, whose group is then the last.
    """
    found = []
    for line in _text(membership).splitlines():
        _, controllers, path = [*line.split(":", maxsplit=2), "", ""][:3]
        if not controllers or controller in controllers.split(","):
            found.append((controllers, path))
    return sorted(found) or [("", "/"), (controller, "/")]


def _quota_cores(group: Path) -> float | None:
    """Cores granted by a group's own quota; None if it has none."""
    words = _text(group / "cpu.max").split() or [_text(group / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    try:
        quota, period = (int(word) for word in words)
    except ValueError:  # `max`, or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None  # version 1 has -1 for no quota


def _throttled_seconds(group: Path) -> float | None:
    """How long a group's own quota kept it waiting so far, over all its CPUs; None if unknown."""
    values = dict(line.split(maxsplit=1) for line in _text(group / "cpu.stat").splitlines() if " " in line.strip())
    told = [int(values[name]) / units for name, units in THROTTLED.items() if values.get(name, "").strip().isdigit()]
    return told[0] if told else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
