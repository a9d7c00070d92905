"""A rule of a suite's own: MoCo's negatives, slowly until a file `go` lies in the folder that the run works in.

So a test can disturb a run as often as it likes and then let it end, however fast the machine is.
"""

import time
from pathlib import Path
from typing import Any, ClassVar, Literal

from moco_bench.components import Negatives


class Paced(Negatives):
    """The whole queue, with a pause in each step while nothing says go."""

    source: ClassVar[str] = ""
    rule: Literal["paced"] = "paced"

    def log_weight(self, similarity: Any, temperature: float) -> Any:
        """Of no pair: e^0 is 1."""
        if not Path("go").exists():
            time.sleep(0.6)
        return 0.0 * similarity
