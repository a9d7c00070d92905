import pandas as pd
import pytest

from moco_bench.analyse.analysis_plan import AnalysisPlan
from moco_bench.analyse.counted_memory import FILE, counted_effects, read_memory
from moco_bench.errors import InputError
from moco_bench.files import write_text
from moco_bench.suite.config.analysis import AnalysisConfig


def memory(sizes, dataset="d"):
    return pd.DataFrame(
        [
            {"arm": arm, "phase": phase, "part": part, "mib": mib, "dataset": dataset, "encoder": "e"}
            for arm, tensors in sizes.items()
            for phase in ("training", "evaluation")
            for part, mib in (("queue", tensors / 4), ("activations", tensors * 3 / 4), ("unattributed", -3.0),
                              ("peak", 700.0))
        ]
    )  # fmt: skip


FOUR = {"vanilla": 100.0, "dual": 120.0, "filter": 80.0, "both": 110.0}


def effects(table, name, **options):
    margin = options.pop("margin_percent", 5.0)
    return counted_effects(table, name, AnalysisPlan(AnalysisConfig(margin_percent=margin), **options))


def test_an_arm_against_the_baseline():
    (found,) = effects(memory(FOUR), "filter-vanilla")
    assert found == ("d", "e", "filter-vanilla", pytest.approx(-20.0), pytest.approx(0.8), pytest.approx(5.0), "lower")


def test_factorial_effects_and_the_suites_own():
    (found,) = effects(memory(FOUR), "dual_view")
    assert (found.estimate, found.margin) == (pytest.approx(25.0), pytest.approx(4.5))
    assert (found.ratio, found.verdict) == (pytest.approx(115 / 90), "higher")
    (found,) = effects(memory(FOUR), "own", contrasts={"own": ("both", "dual")}, margin_percent=10.0)
    assert found.verdict == "no difference"


def test_a_place_without_the_arms_has_no_effect():
    table = pd.concat([memory({"vanilla": 100.0}, "a"), memory(FOUR, "b")])
    assert [found.dataset for found in effects(table, "both-vanilla")] == ["b"]
    assert effects(table, "nothing") == []


def test_the_verdict_is_that_of_the_reports_table():
    from moco_bench.analyse.memory_claim import memory_claim

    table = memory_claim(memory(FOUR), pd.DataFrame(), pd.DataFrame(), baseline="vanilla", margin_percent=5.0)
    at_fixed_batch = table[table["at"] == "fixed batch"]
    for row in at_fixed_batch.to_dict("records"):
        (found,) = effects(memory(FOUR), f"{row['arm']}-vanilla")
        assert (found.verdict, found.ratio) == (row["verdict"], pytest.approx(row["ratio"]))


def test_the_profile_is_read_where_there_is_one(tmp_path):
    assert read_memory(tmp_path) is None
    write_text(tmp_path / FILE, memory(FOUR).to_csv(index=False))
    (found,) = effects(read_memory(tmp_path), "both-vanilla")
    assert found.estimate == pytest.approx(10.0)


@pytest.mark.parametrize(
    "text",
    ["", "arm,part\nvanilla,queue\n", "arm,phase,part,mib,dataset,encoder\nvanilla,training,queue,much,d,e\n",
     "arm,phase,part,mib,dataset,encoder\nvanilla,training,queue,inf,d,e\n", "\x00"],
)  # fmt: skip
def test_a_damaged_profile_is_one_line(tmp_path, text):
    write_text(tmp_path / FILE, text)
    with pytest.raises(InputError) as caught:
        read_memory(tmp_path)
    assert "memory.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
