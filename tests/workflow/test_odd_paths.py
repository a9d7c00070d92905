"""Paths with characters that mean something to Snakemake, to a shell or to YAML."""

from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["{braces}", "{{two}} {x,y}", "$HOME `id`", 'it\'s "quoted"', "a*[b]?", "%s # ; & |"])
def test_a_suite_and_images_of_any_name_are_planned(workflow: Any, name: str) -> None:
    images = workflow.directory / f"{name}.npz"
    np.savez(images, x=np.zeros(1))
    suite = workflow.write_suite(seeds=1, arms={"vanilla": {}}, dataset={"name": "npz", "path": str(images)})
    odd = suite.rename(suite.with_name(f"{name}.yaml"))
    outcome = workflow.plan(odd)
    assert outcome.code == 0, outcome.text
    assert outcome.counts["prepare"] == outcome.counts["pretrain"] == 1
