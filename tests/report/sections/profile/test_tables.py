"""What is said beside evaluation's peaks: they differ between arms though its tensors don't."""

import pandas as pd
import pytest

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.profile.tables import about_evaluation, profile_table

ARMS = ("vanilla", "both")


def evaluation(evaluated=(40.0, 40.0), heap_free=(30.0, 50.0), dataset="d", **further) -> pd.DataFrame:
    """Rows of `memory.csv`: MiB of two arms' tensors and of what malloc kept, beside a baseline of 600."""
    parts = {"evaluation": evaluated, "baseline": (600.0, 600.0), "heap_free": heap_free, **further}
    parts |= {"peak": tuple(sum(sizes) for sizes in zip(*parts.values(), strict=True))}
    return pd.DataFrame(
        [
            {"arm": arm, "phase": "evaluation", "part": part, "mib": size, "dataset": dataset, "encoder": "e"}
            for part, sizes in parts.items()
            for arm, size in zip(ARMS, sizes, strict=True)
        ]
    )


def test_what_malloc_kept_is_not_blamed_on_the_arm():
    assert about_evaluation(evaluation()) == (
        "Evaluation holds tensors of 40.0 MiB in every arm. Its peaks differ (670 to 690 MiB) by what malloc had kept "
        "of freed memory (30 to 50 MiB), not by the arm."
    )


def test_another_cause_outside_of_tensors_is_not_called_malloc():
    said = about_evaluation(evaluation(heap_free=(30.0, 31.0), unattributed=(0.0, 20.0)))
    assert "(670 to 691 MiB) by what is no tensor, not by the arm" in said
    without = evaluation()
    assert "what is no tensor" in about_evaluation(without[without["part"] != "heap_free"])


@pytest.mark.parametrize(
    ("evaluated", "heap_free", "said"),
    [
        ((40.0, 40.3), (30.0, 50.0), True),
        ((40.0, 41.0), (30.0, 50.0), False),
        ((40.0, 40.0), (30.0, 36.0), False),
        ((40.0, float("nan")), (30.0, 50.0), False),
        ((0.0, 0.0), (30.0, 50.0), False),
    ],
    ids=["tensors within 1 %", "other tensors", "peaks within 1 %", "a size unknown", "no tensors"],
)
def test_it_is_said_only_where_tensors_agree_and_peaks_do_not(evaluated, heap_free, said):
    assert bool(about_evaluation(evaluation(evaluated, heap_free))) is said


def test_each_data_set_is_judged_by_itself():
    memory = pd.concat([evaluation(), evaluation(heap_free=(30.0, 30.0), dataset="quiet")])
    assert about_evaluation(memory).startswith("Evaluation on d with e holds")
    assert "quiet" not in about_evaluation(memory)
    assert about_evaluation(memory.iloc[:0]) == ""


def test_it_stands_beside_the_table_that_shows_the_peaks(tmp_path, synthetic, synthetic_profile):
    path = synthetic.write_results(tmp_path, synthetic.suite_values(2))
    synthetic_profile.write_profile(path)
    assert profile_table(load_results(path), Links(path, path / "report")).note == ""  # its tensors differ by 3 %
    file = path / "profile" / "memory.csv"
    memory = pd.read_csv(file)
    of_evaluation = memory["phase"] == "evaluation"
    memory.loc[of_evaluation & (memory["part"] == "loss"), "mib"] = 6.0
    for part in ("heap_free", "peak"):
        memory.loc[of_evaluation & (memory["part"] == part) & (memory["arm"] == "both"), "mib"] += 20.0
    memory.to_csv(file, index=False)
    table = profile_table(load_results(path), Links(path, path / "report"))
    assert "tensors of 60.0 MiB in every arm. Its peaks differ (680 to 700 MiB) by what malloc had kept" in table.note
    assert table.frame().set_index("arm").loc["both", "evaluation_mib"] == pytest.approx(700)
