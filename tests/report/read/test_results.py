"""Which runs' files a report reads."""

from dataclasses import replace

from moco_bench.report.read.results import load_results


def test_what_lies_in_a_missing_runs_folder_is_shown_nowhere(tmp_path, synthetic):
    """After a change of an arm its old files stay until it is trained again; they are of another arm."""
    values = synthetic.suite_values(3)
    path = synthetic.write_results(tmp_path, values)
    values["arms"]["dual"]["contrast"]["key_weight"] = 0.25
    synthetic.collect_again(path, values)
    results = load_results(path)
    assert results.runs.set_index("arm").loc["dual", "status"].eq("missing").all()
    assert "dual" not in set(results.histories["arm"])
    assert not any("/dual/" in place for place in (*results.records, *results.metrics))


def test_arms_beyond_a_screen_are_ranked_best_first(tmp_path, synthetic):
    values = synthetic.suite_values(1)
    few = load_results(synthetic.write_results(tmp_path / "few", values))
    assert few.ranked_arms == few.arms
    for place in range(3):
        values["arms"][f"more{place}"] = {"contrast": {"temperature": 0.21 + place / 100}}
    many = load_results(synthetic.write_results(tmp_path / "many", values))
    accuracy = many.finished.set_index("arm")["knn_top1"]
    assert list(many.ranked_arms) == list(accuracy.sort_values(ascending=False).index)


def test_chance_is_that_of_the_classes(four_seeds):
    (dataset, _), *_ = four_seeds.cells
    sizes = {"images_by_class": {"train": [3, 1]}}
    assert replace(four_seeds, manifests={dataset: sizes}).chance(dataset) == 10 / 16
    assert replace(four_seeds, manifests={dataset: {"classes": ["a", "b"]}}).chance(dataset) == 1 / 2
    assert replace(four_seeds, manifests={}, records={}).chance(dataset) is None
