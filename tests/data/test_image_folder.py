import numpy as np
from PIL import Image

from moco_bench.data.image_folder import image_folder
from moco_bench.suite.config import DatasetConfig


def test_a_notebook_sees_the_images_that_training_would(tmp_path):
    for split in ("train", "test"):
        for place, name in enumerate("ab"):
            (tmp_path / split / name).mkdir(parents=True)
            Image.fromarray(np.full((32, 32, 3), 200 * place, np.uint8)).save(tmp_path / split / name / "0.png")

    splits = image_folder(DatasetConfig(name="image-folder", path=str(tmp_path), image_size=16))

    assert splits.train().images.shape == (2, 3, 16, 16)
    assert splits.train().images.float().mean(dim=(1, 2, 3)).tolist() == [0, 200]
