"""What `moco-bench new` writes: a file with an idea that works, to be changed, and its test."""

NEGATIVES = '''"""TITLE: a rule about negatives."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Negatives


class CLASS(Negatives):
    """Weighs each key by e^(power * similarity)."""

    source: ClassVar[str] = ""
    cost: ClassVar[str] = "a product for each pair"

    rule: Literal["NAME"] = "NAME"
    power: float = Field(1.0, ge=0, description="0 is MoCo.")

    # Leave out what you don't need: each method has a default that does nothing.
    #   ranks(self, queue_size, progress): which keys are kept (moco_bench.components.Ranks)
    #   extra_keys(self, pairs): negatives that aren't in the queue, [B, S, D]
    #   log_sum(self, pairs, temperature): the logarithm of the sum over negatives, [B]

    def log_weight(self, similarity, temperature):
        """The logarithm of the weight of each pair, from its similarity [B, C]; asked chunk by chunk of the queue."""
        return self.power * similarity
'''

OBJECTIVE = '''"""TITLE: a loss."""

from typing import ClassVar, Literal

from pydantic import Field

from moco_bench.components import Objective, Terms


class CLASS(Objective):
    """-s+/tau + weight * log sum_j e^(s_j/tau)."""

    source: ClassVar[str] = ""
    cost: ClassVar[str] = "nothing"

    name: Literal["NAME"] = "NAME"
    weight: float = Field(1.0, ge=0, description="Of the repulsion.")

    def terms(self, batch):
        """The loss of a batch: one number. Gradients may reach `batch.query` alone."""
        repulsion = batch.query_sum()  # [B], over the negatives that the arm's rule chooses
        repulsion = repulsion.masked_fill(repulsion.isinf(), 0.0)  # an anchor without any
        return Terms((self.weight * repulsion - batch.positive / batch.temperature).mean())
'''

TEST = '''"""CLASS against the conformance kit."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from MODULE import CLASS

from moco_bench.testing import check


def test_it_conforms():
    check(CLASS())
'''

TEMPLATES = {"negatives": NEGATIVES, "objective": OBJECTIVE}
USED_AS = {
    "negatives": "contrast: {negatives: NAME}",
    "objective": "contrast: {objective: NAME}",
}
"""How an arm names an idea of each kind."""


def filled(text: str, name: str) -> str:
    """A template for an idea of this name."""
    words = name.replace("_", "-").split("-")
    made = {
        "CLASS": "".join(word[:1].upper() + word[1:] for word in words),
        "MODULE": module_of(name),
        "NAME": name,
        "TITLE": " ".join(words).capitalize(),
    }
    for placeholder, value in made.items():
        text = text.replace(placeholder, value)
    return text


def module_of(name: str) -> str:
    """The module that an idea of this name lies in."""
    return name.replace("-", "_")
