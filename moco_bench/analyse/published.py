"""Numbers that others have published, each with its protocol. Data with citations, not results of this package."""

from importlib import resources

import pandas as pd

PROTOCOL = ("encoder", "epochs", "batch", "queue", "temperature", "momentum", "head", "metric", "features", "selection")


def published() -> pd.DataFrame:
    """The table that ships with the package; `source` and `cite` say where a number comes from."""
    with resources.files("moco_bench.analyse").joinpath("published.csv").open(encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)
