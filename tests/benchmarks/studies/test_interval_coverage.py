from pathlib import Path

import pytest

from benchmarks.studies.interval_coverage import DISTRIBUTIONS, as_markdown, main, simulate

NORMAL = DISTRIBUTIONS[0]
SYMMETRIC = [distribution for distribution in DISTRIBUTIONS if distribution.symmetric]


@pytest.mark.parametrize("n", [5, 7, 10])
def test_with_normal_differences_intervals_cover_what_they_say(n):
    found = simulate(NORMAL, n, datasets=2000, seed=0, resamples=2000)
    assert 0.93 <= found.t_coverage <= 0.97
    assert 0.93 <= found.bootstrap_coverage <= 0.97


@pytest.mark.parametrize("n", [5, 7, 10])
@pytest.mark.parametrize("distribution", SYMMETRIC, ids=lambda distribution: distribution.name)
def test_with_symmetric_differences_the_sign_flip_test_keeps_its_level(distribution, n):
    assert simulate(distribution, n, datasets=2000, seed=0, resamples=1000).sign_flip_false_positives <= 0.055


def test_with_skewed_differences_the_bootstrap_covers_more_and_is_wider():
    found = simulate(DISTRIBUTIONS[4], 7, datasets=2000, seed=0)
    assert found.t_coverage < 0.93 < found.bootstrap_coverage + 0.02
    assert found.bootstrap_coverage > found.t_coverage
    assert found.bootstrap_width > found.t_width


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda distribution: distribution.name)
def test_draws_have_mean_zero_and_the_same_scale(distribution):
    import numpy as np

    x = distribution.draw(np.random.default_rng(0), (1000, 400))
    assert abs(x.mean()) < 0.01
    assert np.median(np.abs(x)) == pytest.approx(0.65, abs=0.25)


def test_the_command_prints_the_documentations_table(capsys):
    main(["--datasets", "50", "--seeds", "4"])
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2 + len(DISTRIBUTIONS)
    assert printed[2].startswith("| normal | 4 | ")
    assert as_markdown([]).splitlines() == printed[:2]
    documented = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert as_markdown([]) in documented
    for distribution in DISTRIBUTIONS:
        assert f"| {distribution.name} | 7 | " in documented
