"""What `tune.csv` says of the search of settings."""

from types import SimpleNamespace

import pytest

from moco_bench.report.read.searches import FILE, candidates_of, settings_of, unequal_choices

HEAD = "dataset,encoder,arm,candidate,train.learning_rate,contrast.temperature,metric,score,chosen\n"
ROWS = (
    "d,e,vanilla,0,0.03,0.2,knn_top1,61.5,false\n"
    "d,e,vanilla,1,0.06,0.2,knn_top1,64.2,True\n"
    "d,e,dual,0,0.03,0.2,knn_top1,63.0,true\n"
    "d,e,dual,1,0.06,0.2,knn_top1,62.0,false\n"
)


@pytest.fixture
def candidates(tmp_path):
    def read(text):
        (tmp_path / FILE).write_text(text)
        return candidates_of(SimpleNamespace(directory=tmp_path))

    return read


def test_candidates_have_their_settings_and_which_was_chosen(candidates):
    found = candidates(HEAD + ROWS)
    assert settings_of(found) == ["train.learning_rate", "contrast.temperature"]
    assert found["chosen"].tolist() == [False, True, True, False]


def test_only_settings_that_arms_chose_differently_are_named(candidates):
    assert list(unequal_choices(candidates(HEAD + ROWS))) == [
        ("train.learning_rate", {"0.06": ["vanilla"], "0.03": ["dual"]})
    ]


@pytest.mark.parametrize("text", ["", HEAD, "arm,score\nvanilla,3\n"])
def test_a_file_that_cannot_be_used_is_no_search(candidates, text):
    assert candidates(text) is None
