from types import SimpleNamespace

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from moco_bench.components.augmentations import MocoRecipe
from moco_bench.data.datasets import DataSet, Split, load_dataset
from moco_bench.errors import InputError
from moco_bench.evaluate.floors import floors_of, pixel_floor
from moco_bench.evaluate.metrics import evaluate_encoder
from moco_bench.models import build_encoder
from moco_bench.suite.config import DatasetConfig, EncoderConfig, EvaluateConfig, ProbeConfig
from moco_bench.train.randomness import stream_seed

CONFIG = EvaluateConfig(knn_k=15, probe=ProbeConfig(c_values=(0.1,)), corruptions=False)
COMPACT = EncoderConfig(name="resnet-compact", width=8, dimension=8)
WIDER = EncoderConfig(name="resnet-compact", label="wider", width=16, dimension=8)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_dataset(DatasetConfig(name="digits", train_limit=400, test_limit=200))


def test_the_published_figures_of_the_embedded_images(monkeypatch):
    dataset = load_dataset(DatasetConfig(name="fashion-mnist-5k"))
    monkeypatch.setattr("moco_bench.evaluate.floors.probe_of", lambda *_: SimpleNamespace(top1=0.0))
    found = {
        k: pixel_floor(dataset, CONFIG.model_copy(update={"knn_k": k}), device="cpu")["knn_top1"] for k in (20, 200)
    }
    assert found == pytest.approx({20: 82.6, 200: 77.5}, abs=0.1)


def test_the_pixel_floor_is_that_of_centred_pixels(digits):
    train, test = (split.images.flatten(1).double().numpy() for split in (digits.train, digits.evaluation))
    mean = train.mean(axis=0)
    reference = KNeighborsClassifier(1, metric="cosine").fit(train - mean, digits.train.labels.numpy())
    expected = 100 * reference.score(test - mean, digits.evaluation.labels.numpy())
    found = pixel_floor(digits, CONFIG.model_copy(update={"knn_k": 1}), device="cpu")
    assert found["knn_top1"] == pytest.approx(expected)
    assert found["linear_top1"] > 80


def test_every_encoder_and_seed_has_a_floor(digits):
    floors = floors_of(digits, [COMPACT, WIDER], [0, 3], CONFIG, "cpu")
    assert set(floors) == {"pixels", "random_encoder", "largest_class"}
    assert set(floors["pixels"]) == {"knn_top1", "linear_top1"}
    assert {title: list(seeds) for title, seeds in floors["random_encoder"].items()} == {
        "resnet-compact": ["0", "3"],
        "wider": ["0", "3"],
    }
    values = [floor for seeds in floors["random_encoder"].values() for floor in seeds.values()]
    assert all(set(value) == {"knn_top1", "knn_top1_projection", "linear_top1"} for value in values)
    assert len({tuple(value.values()) for value in values}) == 4


def test_the_random_encoder_is_the_one_that_the_run_of_that_seed_starts_from(digits):
    floor = floors_of(digits, [COMPACT], [3], CONFIG, "cpu")["random_encoder"]["resnet-compact"]["3"]
    encoder = build_encoder(COMPACT, channels=1, image_size=8, seed=stream_seed(3, "initialisation"))
    metrics = evaluate_encoder(encoder, digits, CONFIG, augment=MocoRecipe(), seed=3, device="cpu")
    assert floor == {name: metrics[name] for name in floor}


def test_large_images_are_averaged_down():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(40) % 4
    small = torch.randint(256, (40, 1, 32, 32), generator=generator, dtype=torch.uint8)

    def floor(images):
        split = Split(images, labels)
        dataset = DataSet("toy", ("a", "b", "c", "d"), split, split, "test", (0.5,), (0.3,), "")
        return pixel_floor(dataset, CONFIG, device="cpu")

    assert floor(small.repeat_interleave(3, 2).repeat_interleave(3, 3)) == floor(small)


def test_more_neighbours_than_images_are_refused(digits):
    with pytest.raises(InputError, match=r"evaluate.knn_k is 401, but digits has 400 training images"):
        floors_of(digits, [COMPACT], [0], CONFIG.model_copy(update={"knn_k": 401}), "cpu")


def test_each_floor_is_told_as_it_begins(digits):
    told = []

    floors_of(digits, [COMPACT], [0, 3], CONFIG, "cpu", told.append)

    assert told == ["raw pixels", "untrained resnet-compact, seed 0", "untrained resnet-compact, seed 3"]
