"""The typed, frozen configuration of one run, one section per file.

Every key of a suite file is a field here; its description is what `config/README.md` and the JSON schema show. Fields
marked `identity=False` change where or how comfortably a run happens, never its numbers: they stay out of fingerprints.
"""

from moco_bench.suite.config.contrast import ContrastConfig as ContrastConfig
from moco_bench.suite.config.dataset import DatasetConfig as DatasetConfig
from moco_bench.suite.config.dataset import NormaliseConfig as NormaliseConfig
from moco_bench.suite.config.encoder import EncoderConfig as EncoderConfig
from moco_bench.suite.config.evaluate import EvaluateConfig as EvaluateConfig
from moco_bench.suite.config.evaluate import ProbeConfig as ProbeConfig
from moco_bench.suite.config.fields import Budget as Budget
from moco_bench.suite.config.fields import Label as Label
from moco_bench.suite.config.train import TrainConfig as TrainConfig
