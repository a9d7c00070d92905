from moco_bench.train.attempts import ATTEMPTS, attempts_noted, note_attempt


def starts(attempts):
    return [attempt["start_step"] for attempt in attempts]


def test_attempts_are_listed_oldest_first(tmp_path):
    for step in (0, 5, 9):
        attempts = note_attempt(tmp_path, "f", step)

    assert starts(attempts) == [0, 5, 9]
    assert all(set(attempt) == {"start_step", "started", "because", "analysis_fingerprint"} for attempt in attempts)


def test_each_attempt_says_which_analysis_was_declared(tmp_path):
    note_attempt(tmp_path, "f", 0, "first rules")

    attempts = note_attempt(tmp_path, "f", 5, "other rules")

    assert [attempt["analysis_fingerprint"] for attempt in attempts] == ["first rules", "other rules"]


def test_each_attempt_says_why_the_run_was_trained(tmp_path):
    note_attempt(tmp_path, "f", 0, because="train.epochs: 15 -> 20")

    attempts = note_attempt(tmp_path, "f", 5, because="has a checkpoint to go on from")

    assert [attempt["because"] for attempt in attempts] == ["train.epochs: 15 -> 20", "has a checkpoint to go on from"]


def test_attempts_at_another_run_are_not_counted(tmp_path):
    note_attempt(tmp_path, "before", 0)

    assert starts(note_attempt(tmp_path, "now", 0)) == [0]
    assert starts(attempts_noted(tmp_path)) == [0, 0]


def test_a_damaged_list_starts_anew(tmp_path):
    for content in ("", "{}", "[1, null]", '[{"start_step": 3}]'):
        (tmp_path / ATTEMPTS).write_text(content)
        assert starts(note_attempt(tmp_path, "f", 7)) == [7]
