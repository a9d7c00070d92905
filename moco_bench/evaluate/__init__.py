"""What an encoder has learnt: frozen features, and what can be read off them."""

from moco_bench.evaluate.corruptions import corrupt
from moco_bench.evaluate.diagnostics import alignment
from moco_bench.evaluate.features import Embeddings, embed
from moco_bench.evaluate.floors import floors_of
from moco_bench.evaluate.knn import knn_predict, knn_top1
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.evaluate.neighbours import nearest_neighbours
from moco_bench.evaluate.probe import ProbeResult, linear_probe
from moco_bench.evaluate.similarities import Similarities, similarity_histograms

__all__ = [
    "Embeddings",
    "ProbeResult",
    "Similarities",
    "alignment",
    "corrupt",
    "embed",
    "evaluate_encoder",
    "floors_of",
    "knn_predict",
    "knn_top1",
    "linear_probe",
    "nearest_neighbours",
    "similarity_histograms",
]
