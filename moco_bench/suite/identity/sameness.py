"""A canonical form of an arm's settings: arms that train the same encoder have the same one, and can't be compared."""

from typing import Any

from moco_bench.components.negatives import All
from moco_bench.files import canonical_json
from moco_bench.suite.config import ContrastConfig, EncoderConfig, TrainConfig
from moco_bench.suite.identity.run import identity


def what_trains(encoder: EncoderConfig, contrast: ContrastConfig, train: TrainConfig) -> str:
    """A canonical form of all that determines the weights but data and seed: equal if the same encoder is trained."""
    if encoder.checkpoint is not None:
        return canonical_json({"encoder": identity(encoder)})
    sections = {"encoder": identity(encoder), "contrast": effective(contrast), "train": identity(train)}
    drawn = sections["train"]["augment"]
    idle = train.augment.without_effect()
    sections["train"]["augment"] = {name: value for name, value in drawn.items() if name not in idle}
    return canonical_json(sections)


def effective(contrast: ContrastConfig) -> dict[str, Any]:
    """A canonical form of the loss: equal for settings that train the same encoder.

    Fingerprints tell more apart (`identity`): there another spelling is another request, and costs no more than a run.
    """
    spelt = ("dual_view", "key_weight", "combine", "objective")
    values = {name: value for name, value in identity(contrast).items() if name not in spelt}
    values["loss"] = contrast.loss.amounts_to()
    values["negatives"] = contrast.negatives.amounts_to(contrast.queue_size, masked=contrast.mask_same_sample)
    if values["negatives"] == All().amounts_to(contrast.queue_size, masked=contrast.mask_same_sample):
        values.pop("filter_warmup_steps", None)
    return values
