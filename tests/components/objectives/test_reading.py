"""Controls of how much of the loss a rule acts on: sums in place of means, and a loss of another size."""

import pytest
import torch

from moco_bench.components.objectives import KeyAnchored, KeyInBatch, Symmetric
from moco_bench.contrast.loss import contrastive_terms
from moco_bench.suite.config import ContrastConfig
from moco_bench.suite.identity.run import identity
from moco_bench.suite.identity.sameness import effective

TAU = 0.2


def unit_rows(count, seed):
    rows = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.nn.functional.normalize(rows, dim=1)


def gradient(**changes):
    query = unit_rows(4, 0).requires_grad_()
    terms = contrastive_terms(query, unit_rows(4, 1), unit_rows(16, 2), temperature=TAU, **changes)
    terms.total.backward()
    return terms, query.grad


@pytest.mark.parametrize("reading", [KeyInBatch, KeyAnchored])
def test_the_sum_leaves_the_query_term_its_whole_weight(reading):
    terms, total = gradient(objective=reading(key_weight=0.3, combine="sum"))
    assert terms.total.item() == pytest.approx(float(terms.query_term + 0.3 * terms.key_term))
    _, of_query = gradient()
    _, of_key = gradient(objective=reading(key_weight=1.0))
    torch.testing.assert_close(total, of_query + 0.3 * of_key)


def test_symmetric_is_a_mean_or_a_sum_of_two():
    assert Symmetric().of_both(torch.tensor(1.0), torch.tensor(2.0)) == 1.5
    assert Symmetric(combine="sum").of_both(torch.tensor(1.0), torch.tensor(2.0)) == 3


def test_the_controls_are_settings_of_their_own_and_change_no_other_fingerprint():
    plain = ContrastConfig(dual_view="key-in-batch")
    for changes in ({"combine": "mean"}, {"loss_scale": 1.0}):
        assert identity(ContrastConfig(dual_view="key-in-batch", **changes)) == identity(plain)
    for changes in ({"combine": "sum"}, {"loss_scale": 0.5}):
        assert identity(ContrastConfig(dual_view="key-in-batch", **changes)) != identity(plain)
        assert effective(ContrastConfig(dual_view="key-in-batch", **changes)) != effective(plain)
    # A loss of one term has nothing to combine, and a weight of 0 leaves one.
    assert identity(ContrastConfig(combine="sum")) == identity(ContrastConfig())
    nothing = ContrastConfig(dual_view="key-in-batch", key_weight=0.0, combine="sum")
    assert effective(nothing) == effective(ContrastConfig())
    spelt = ContrastConfig.model_validate({"objective": {"name": "symmetric", "combine": "sum"}})
    assert identity(spelt) == identity(ContrastConfig(dual_view="symmetric", combine="sum"))
