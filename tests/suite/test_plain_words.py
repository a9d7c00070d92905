"""What the validator says: what is wrong, where, and what would be right, in plain words."""

from pathlib import Path

import pytest

from moco_bench.errors import InputError
from moco_bench.suite.checks.suite import check_suite
from moco_bench.suite.load import parse_suite
from moco_bench.suite.strict_yaml import parse_yaml

HEAD = Path(__file__, "../../../config/smoke.yaml").resolve().read_text(encoding="utf-8").split("arms:")[0]
ARMS = "arms:\n  vanilla:\n  0.1:\n    contrast: {temperature: 0.2}\n"

WORDS_OF_THE_VALIDATOR = {"tuple", "dictionary", "instance", "string", "pattern", "validation,", "input"}


def load(text):
    suite = parse_suite(parse_yaml(text, "x"), "x")
    check_suite(suite)
    return suite


def test_arms_may_be_named_by_numbers_and_keep_their_spelling():
    more = "".join(
        f"  {name}: {{contrast: {{queue_size: {size}}}}}\n"
        for name, size in (("0.10", 128), ("1e-3", 192), ("true", 320))
    )
    assert list(load(HEAD + ARMS + more).arms) == ["vanilla", "0.1", "0.10", "1e-3", "true"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("seeds: 2", 'seeds: "2"'), "seeds: '2' is text; for a number of seeds leave the quotes out: 2"),
        (("seeds: 2", "seeds: [3, 1, 3]"), "seeds: duplicate seed 3"),
        (("batch_size: 64", 'batch_size: "64"'), "'64' is text; for a number leave the quotes out: 64"),
        (("seeds: 2", "seeds: 2\nbaseline: 0.1"), 'baseline: 0.1 is a number; for a name put it in quotes: "0.1"'),
        (("seeds: 2", "seeds: 2\nbaseline: true"), 'true is a truth value; for a name put it in quotes: "true"'),
        (("seeds: 2", "seeds: 2\ncontrasts: {x: [0.1, vanilla]}"), 'put it in quotes: "0.1"'),
        (("seeds: 2", "seeds: 2\nclaims: [x]"), "claims: unknown key here; it belongs to `analysis`"),
        (("seeds: 2", "seeds: 2\nknn_k: 20"), "knn_k: unknown key here; it belongs to `evaluate`"),
        (("  epochs: 2", "  seeds: 2\n  epochs: 2"), "train.seeds: unknown key here; it belongs to the suite itself"),
        (
            ("dataset: digits", "dataset: {name: digits, size: 8}"),
            "dataset.size: unknown key; did you mean 'image_size'?",
        ),
        (
            ("queue_size: 256", "queue_size: 256, negatives: {rule: hardest, inner: 0.1}"),
            "contrast.negatives.inner: unknown key here: it belongs to another choice than this one",
        ),
        (("seeds: 2", "seeds: true"), "a number of seeds such as 8, or a list such as [0, 1, 2], is needed, not true"),
        (("seeds: 2", "seeds: 0-7"), "a list such as [0, 1, 2], is needed, not '0-7'"),
        (("seeds: 2", "seeds: []"), "seeds: at least 1 needed, not 0"),
        (("seeds: 2", "seeds: [-1]"), "seeds.0: a number of at least 0 is needed, not -1"),
        (("batch_size: 64", "batch_size: 6_4"), "train.batch_size: a whole number is needed, not '6_4'; write 64"),
        (("  epochs: 2", "  epochs: 1e1"), "train.epochs: a whole number is needed, not 10.0; write 10"),
        (("  epochs: 2", "  epochs:"), "train.epochs: a whole number is needed, not nothing"),
        (("queue_size: 256", "queue_size: 0x100"), "a whole number is needed, not '0x100'; write 256"),
        (("queue_size: 256", 'queue_size: 256, temperature: "0,1"'), "a number is needed, not '0,1'; write 0.1"),
        (("queue_size: 256", "queue_size: 256, temperature: 7%"), "a number is needed, not '7%'; write 0.07"),
        (("queue_size: 256", "queue_size: 2**8"), "a whole number is needed, not '2**8'"),
        (
            ("precision: float32", "precision: float32\n  device: gpu"),
            "auto, cpu, cuda or a card such as cuda:0 is needed",
        ),
        (("name: smoke", "name: my suite"), "name: a name of letters (A to Z), digits, dots, dashes and underscores"),
        (("dataset: digits", "dataset: [digits]"), "`dataset` is a single one; write `datasets` for a list"),
        (("dataset: digits", "dataset: DIGITS"), "did you mean 'digits'?"),
        (("seeds: 2", "Seeds: 2"), "Seeds: unknown key; did you mean 'seeds'?"),
        (("seeds: 2", "seeds: 2\nplugins: x.py"), "plugins: a list such as [a, b] is needed, not 'x.py'"),
        (("seeds: 2", "seeds: 2\nanalysis: {claims: abstrakt}"), "'abstrakt' is not one of the abstract's claims"),
        (("seeds: 2", "seeds: 2\ncontrasts: {x: [a, b, c]}"), "contrasts.x: at most 2 needed, not 3"),
        (("seeds: 2", "seeds: 2\ntune: {rate: [1, 2]}"), "tune.rate: 'rate' is none of train.learning_rate"),
        (("  epochs: 2", "\tepochs: 2"), "a tab; indent with spaces"),
        (("seeds: 2", "seeds: 2\n---\nseeds: 2"), "a second document begins; a file holds one suite"),
        (("batch_size: 64", "batch_size: 63"), "contrast.queue_size: 256 is not a multiple of the 63 keys"),
    ],
)
def test_what_is_wrong_and_what_would_be_right(change, words):
    with pytest.raises(InputError) as caught:
        load((HEAD + ARMS).replace(*change))
    message = str(caught.value).removeprefix("x: ")
    assert words in message
    assert "\n" not in message
    assert not (WORDS_OF_THE_VALIDATOR & set(message.lower().split()))
    assert "more)" not in message, "one mistake is told as one"
    assert not message.startswith("arms."), "a mistake of the whole suite is not the first arm's"


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        ("  x: {contrast: {epochs: 3}}", "arms.x.contrast: epochs: unknown key here; it belongs to `train`"),
        ("  x: 0.3", "arms.x: keys and values, such as {key: value}, are needed, not 0.3"),
        ("  x: {train: {batch_size: 63}}", "arms.x.contrast.queue_size: 256 is not a multiple of the 63"),
        (
            "  x: {contrast: {temperature: 0.1}}",
            "arms.x: changes nothing; only the baseline 'vanilla' may change nothing",
        ),
        ("  x: {contrast: {temperature: 0.2}}\n  X: {contrast: {temperature: 0.3}}", "arms: duplicate name 'X'"),
    ],
)
def test_a_mistake_of_one_arm_is_told_of_it(arms, words):
    with pytest.raises(InputError) as caught:
        load(f"{HEAD}arms:\n  vanilla:\n{arms}\n")
    assert words in str(caught.value)


@pytest.mark.parametrize(("arms", "said"), [("arms: [vanilla]", "not a list"), ("arms:", "not nothing")])
def test_arms_are_keys_and_values(arms, said):
    with pytest.raises(InputError, match=f"arms: keys and values, such as {{key: value}}, are needed, {said}"):
        load(f"{HEAD}{arms}\n")
