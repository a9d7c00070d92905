import numpy as np
from PIL import Image

from moco_bench.data.sources import source_of
from moco_bench.suite.config import DatasetConfig

TURNED_BY = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""EXIF orientation -> how a camera that was held so stores an upright picture."""


def test_photographs_are_upright_whatever_way_the_camera_was_held(tmp_path):
    upright = np.zeros((32, 32, 3), np.uint8)
    upright[:16] = 255  # sky above, ground below
    for split in ("train", "test"):
        for name in "ab":
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            Image.fromarray(upright).save(folder / "0.jpg", quality=95)
            for orientation, turn in TURNED_BY.items():
                tag = Image.Exif()
                tag[0x0112] = orientation
                Image.fromarray(upright).transpose(turn).save(folder / f"{orientation}.jpg", quality=95, exif=tag)

    images = source_of(DatasetConfig(name="image-folder", path=str(tmp_path)).source, 16).train().images

    assert len(images) == 8
    for image in images.float():
        assert image[:, :7].mean() > 200
        assert image[:, 9:].mean() < 50
