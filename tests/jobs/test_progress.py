"""What a long job says of itself must not be what it hangs on."""

import threading

from moco_bench.jobs.progress import told_parts


def test_a_bar_starts_no_thread(monkeypatch):
    """Python waits for ever for a thread that had no memory to begin."""
    started = []
    monkeypatch.setattr(threading.Thread, "start", started.append)

    with told_parts("a run") as tell:
        tell("kNN")

    assert started == []
