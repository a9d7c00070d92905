"""Accuracy of the runs and cost of a step from the profile, arm by arm, in one table."""

import pandas as pd

from moco_bench.analyse.memory_claim import Rule, memory_claim, tensors_mib
from moco_bench.report.read.profile import WHOLE_STEP, profile_table_of
from moco_bench.report.read.results import Results

COSTS = {"step_ms": "Time of a step, ms", "tensor_mib": "Memory of tensors, MiB"}
ARM_COLUMNS = ["dataset", "encoder", "arm"]


def accuracy_of_arms(results: Results) -> pd.DataFrame:
    """Mean and standard deviation over seeds of `results.accuracy`: columns dataset, encoder, arm, top1, sd."""
    metric = results.accuracy.name
    done = results.finished[(results.finished["budget"] == "epochs") & results.finished[metric].notna()]
    if done.empty:
        return pd.DataFrame(columns=[*ARM_COLUMNS, "top1", "sd"])
    return done.groupby(ARM_COLUMNS, sort=False)[metric].agg(top1="mean", sd="std").reset_index()


def accuracy_and_cost(results: Results) -> pd.DataFrame:
    """`accuracy_of_arms` with the profile's median step and peak of tensors; arms that have all three."""
    time, memory = profile_table_of(results, "time"), profile_table_of(results, "memory")
    if time.empty or memory.empty:
        return pd.DataFrame()
    steps = time[time["part"] == WHOLE_STEP][[*ARM_COLUMNS, "median_ms"]].rename(columns={"median_ms": "step_ms"})
    sizes = tensors_mib(memory).rename(columns={"mib": "tensor_mib"})
    return accuracy_of_arms(results).merge(steps, on=ARM_COLUMNS).merge(sizes, on=ARM_COLUMNS)


def judged_memory_claim(results: Results) -> pd.DataFrame:
    """The memory claim under all conditions that were measured."""
    config = results.plan.config
    accuracy = results.effects[results.effects["metric"] == config.primary]
    rule = Rule(results.plan.baseline, config.margin_percent)
    return memory_claim(profile_table_of(results, "memory"), profile_table_of(results, "queues"), accuracy, rule)
