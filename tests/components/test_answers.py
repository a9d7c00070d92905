"""What a plug-in's methods may give wrongly: one line with file, line, and what would be right."""

import pytest
import torch
import yaml
from torch.nn.functional import normalize

from moco_bench.contrast import contrastive_loss
from moco_bench.errors import InputError
from moco_bench.models import build_encoder
from moco_bench.suite.load import load_suite
from moco_bench.suite.runs import expand

IDEA = '''
from typing import Literal
import torch
from torch import nn
from moco_bench.components import Backbone, Built, Head, Negatives, Objective, Ranks, Terms


class Mine({kind}):
    """Mine."""

    {tag}: Literal["mine"] = "mine"

    def {method}:
        {body}
'''
LINE = 13
"""Of the method in the file."""
TERMS, RANKS = "terms(self, batch)", "ranks(self, queue_size, progress)"
BUILD, PROJECT = "build(self, channels, size, norm)", "build(self, features, dimension, norm)"
WEIGHT, LOG_SUM = "log_weight(self, similarity, temperature)", "log_sum(self, pairs, temperature)"
NETWORK = "nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, 16))"
MISTAKES = [
    ("Objective", TERMS, "return -batch.positive.mean()", "`terms` gave Tensor of shape [], torch.float32; Terms("),
    ("Objective", TERMS, "pass", "`terms` gave None; Terms(loss)"),
    ("Objective", TERMS, "return batch.positive.mean(), None", "`terms` gave a tuple; Terms(loss)"),
    ("Objective", TERMS, "return Terms(1.0)", "`terms` gave 1.0; Terms of numbers"),
    ("Objective", TERMS, "return Terms(-batch.positive)", "`terms` gave Tensor of shape [4], torch.float32; Terms of"),
    ("Objective", TERMS, "return Terms(-batch.positive.mean(), weights=(1.0,))", "`terms` gave a Terms; Terms(loss)"),
    ("Objective", TERMS, "return Terms(batch.positive.mean().detach())", "a loss with a gradient for the queries"),
    ("Negatives", WEIGHT, "return 1.0", "`log_weight` gave 1.0; floats of shape [4, 16]"),
    (
        "Negatives",
        WEIGHT,
        "return similarity.sum(dim=1)",
        "`log_weight` gave Tensor of shape [4], torch.float32",
    ),
    ("Negatives", WEIGHT, "return similarity > 0", "`log_weight` gave Tensor of shape [4, 16], torch.bool; floats"),
    ("Negatives", "extra_keys(self, pairs)", "return pairs.anchor", "`extra_keys` gave Tensor of shape [4, 8]"),
    ("Negatives", LOG_SUM, "return pairs.anchor.sum()", "`log_sum` gave Tensor of shape []"),
    ("Negatives", RANKS, "return (0, 5)", "`ranks` gave a tuple; Ranks(first=..., last=...)"),
    (
        "Negatives",
        RANKS,
        "return Ranks(first=5, last=5)",
        "`ranks` gave Ranks(first=5, last=5); whole numbers",
    ),
    ("Negatives", RANKS, "return Ranks(first=-1)", "`ranks` gave Ranks(first=-1, last=None); whole numbers"),
    ("Negatives", RANKS, "return Ranks(last=queue_size / 2)", "`ranks` gave Ranks(first=0, last=8.0); whole numbers"),
    ("Backbone", BUILD, f"return {NETWORK}", "`build` gave a Sequential; Built(module, features)"),
    ("Backbone", BUILD, "pass", "`build` gave None; Built(module, features)"),
    (
        "Backbone",
        BUILD,
        f"return Built({NETWORK}, 8)",
        "`build` gave Tensor of shape [2, 16], torch.float32; a net",
    ),
    ("Backbone", BUILD, "return Built(nn.Conv2d(channels, 16, 3), 16)", "`build` gave Tensor of shape [2, 16, 6, 6]"),
    ("Backbone", BUILD, "return Built(nn.Linear(3, 4), 4)", "the network can't take [2, 1, 8, 8]: mat1 and mat2"),
    ("Head", PROJECT, "return None", "`build` gave None; a torch module"),
    ("Head", PROJECT, "return nn.Linear(features, dimension + 1)", "`build` gave Tensor of shape [2, 9]"),
    ("Head", PROJECT, "return nn.Linear(features + 1, dimension)", "the network can't take [2, 32]: mat1 and mat2"),
    ("Objective", "terms(self)", "pass", "`terms(self, batch)` is how it is called"),
    ("Negatives", "log_weight(self, similarity)", "pass", "`log_weight(self, similarity, temperature)` is how"),
    ("Negatives", "ranks(self, queue_size)", "pass", "`ranks(self, queue_size, progress)` is how it is called"),
    ("Head", "build(self, features, dimension)", "pass", "`build(self, features, dimension, norm_layer)` is how"),
]
USABLE = [
    ("Objective", "terms(self, anything)", "return Terms(-anything.positive.mean())"),
    ("Negatives", "log_weight(self, s, temperature=1.0)", "return s.detach()"),
    ("Negatives", "ranks(self, queue_size, progress=1.0, *rest)", "return Ranks(last=2 * queue_size)"),
    ("Negatives", "extra_keys(self, pairs)", "return pairs.anchor.detach()[:, None, :].repeat(1, 3, 1)"),
    ("Backbone", "build(self, *given)", "return Built(nn.Sequential(nn.Flatten(), nn.Linear(64, 16)), 16)"),
    ("Head", "build(self, features, dimension, norm_layer=None)", "return nn.Linear(features, dimension)"),
]
TAGS = {"Objective": "name", "Backbone": "name", "Head": "head", "Negatives": "rule"}
ARMS = {
    "Objective": {"contrast": {"objective": "mine"}},
    "Negatives": {"contrast": {"negatives": "mine"}},
    "Backbone": {"encoder": {"name": "mine", "label": "own"}},
    "Head": {"encoder": {"head": "mine"}},
}


def write(folder, kind, method, body):
    text = IDEA.format(kind=kind, tag=TAGS[kind], method=method, body=body)
    assert text.splitlines()[LINE - 1].lstrip().startswith("def ")
    (folder / "mine.py").write_text(text)
    suite = {
        "name": "s", "plugins": ["mine.py"], "dataset": "digits",
        "encoder": {"name": "resnet-compact", "width": 8, "dimension": 8}, "contrast": {"queue_size": 16},
        "train": {"epochs": 1, "batch_size": 4}, "seeds": 1, "arms": {"vanilla": None, "own": ARMS[kind]},
    }  # fmt: skip
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite, sort_keys=False))


def use(folder):
    """What a run does first with its ideas."""
    run = expand(load_suite(folder / "suite.yaml"))[-1]
    build_encoder(run.encoder, channels=1, image_size=8, seed=0)
    generator = torch.Generator().manual_seed(0)
    query, key, queue = (normalize(torch.randn(count, 8, generator=generator), dim=1) for count in (4, 4, 16))
    ideas = {"objective": run.contrast.loss, "negatives": run.contrast.negatives}
    return contrastive_loss(query.requires_grad_(), key, queue, temperature=0.2, **ideas)


@pytest.mark.parametrize(("kind", "method", "body", "said"), MISTAKES)
def test_a_wrong_answer_is_one_line_with_its_place(tmp_path, kind, method, body, said):
    write(tmp_path, kind, method, body)
    with pytest.raises(InputError) as error:
        use(tmp_path)
    message = str(error.value)
    assert f"{tmp_path / 'mine.py'}:{LINE}: " in message
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(("kind", "method", "body"), USABLE)
def test_what_can_be_used_is_not_refused(tmp_path, kind, method, body):
    write(tmp_path, kind, method, body)
    assert use(tmp_path).isfinite()
