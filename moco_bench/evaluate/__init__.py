"""Evaluates frozen features of an encoder."""

from moco_bench.evaluate.corruptions import corrupt as corrupt
from moco_bench.evaluate.diagnostics import alignment as alignment
from moco_bench.evaluate.features import Embeddings as Embeddings
from moco_bench.evaluate.features import embed as embed
from moco_bench.evaluate.floors import floors_of as floors_of
from moco_bench.evaluate.knn import knn_predict as knn_predict
from moco_bench.evaluate.knn import knn_top1 as knn_top1
from moco_bench.evaluate.metrics import evaluate_encoder as evaluate_encoder
from moco_bench.evaluate.neighbours import nearest_neighbours as nearest_neighbours
from moco_bench.evaluate.probe import ProbeResult as ProbeResult
from moco_bench.evaluate.probe import linear_probe as linear_probe
from moco_bench.evaluate.similarities import Similarities as Similarities
from moco_bench.evaluate.similarities import similarity_histograms as similarity_histograms
