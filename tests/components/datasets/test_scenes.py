import numpy as np
import pytest

from moco_bench.components.datasets.scenes import BACKGROUND_LEVELS, GARMENT_LEVELS, GARMENT_SIDES, SIDE, scenes, shrunk


@pytest.fixture
def garments():
    """Bright all over, so that a scene shows exactly where its garment stands."""
    return np.full((400, 28, 28), 255, np.uint8)


def corners(made):
    """The background's colour, which at least one corner of every smaller garment's scene has."""
    return made[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]


def test_an_image_of_its_own_size_stays_as_it_is():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    assert np.array_equal(shrunk(images, 28), images)


@pytest.mark.parametrize("side", [18, 21, 27])
def test_each_pixel_is_the_mean_of_the_area_that_it_covers(side):
    images = np.random.default_rng(side).integers(0, 256, (2, 28, 28)).astype(np.uint8)
    fine = images.repeat(side, 1).repeat(side, 2).reshape(2, side, 28, side, 28)
    expected = np.floor(fine.astype(np.float64).mean(axis=(2, 4)) + 0.5)
    assert np.array_equal(shrunk(images, side), expected.astype(np.uint8))


def test_a_garment_keeps_its_shape_and_both_colours_are_flat(garments):
    made = scenes(garments, seed=3)
    areas = set()
    for scene in made.reshape(len(made), 3, -1).transpose(0, 2, 1):
        colours, counts = np.unique(scene, axis=0, return_counts=True)
        assert len(colours) == 2
        areas |= set(counts.tolist())
    squares = {side**2 for side in GARMENT_SIDES}
    assert areas <= squares | {SIDE**2 - square for square in squares}
    assert squares <= areas


def test_sizes_places_and_colours_are_spread_over_their_whole_ranges(garments):
    made = scenes(garments, seed=4)
    background = np.median(corners(made), axis=2)
    stands = (made != background[:, :, None, None]).any(axis=1)
    tops, lefts = stands.any(axis=2).argmax(axis=1), stands.any(axis=1).argmax(axis=1)
    for offsets in (tops, lefts):
        assert offsets.min() == 0
        assert offsets.max() >= SIDE - GARMENT_SIDES.start - 2
        assert 3 < offsets.mean() < 6
    assert background.min() < 5
    assert background.max() == BACKGROUND_LEVELS.stop - 1
    assert (np.abs(background.mean(axis=0) - BACKGROUND_LEVELS.stop / 2) < 6).all()
    garment = made[np.arange(len(made)), :, tops + 9, lefts + 9]
    assert garment.min() >= GARMENT_LEVELS.start
    assert garment.max() == GARMENT_LEVELS.stop - 1
    assert (np.abs(garment.mean(axis=0) - 191.5) < 8).all()
    assert abs(np.corrcoef(tops, lefts)[0, 1]) < 0.9


def test_brightness_mixes_the_two_colours():
    gradient = np.broadcast_to(np.arange(28, dtype=np.uint8) * 9, (50, 28, 28))
    whole, mixed, none = (scenes(np.ascontiguousarray(image), seed=5).astype(int) for image in (
        np.full((50, 28, 28), 255, np.uint8), gradient, np.zeros((50, 28, 28), np.uint8)
    ))  # fmt: skip
    assert (mixed >= np.minimum(whole, none)).all()
    assert (mixed <= np.maximum(whole, none)).all()
    assert (np.ptp(none.reshape(50, 3, -1), axis=2) == 0).all()


def test_the_seed_alone_decides(garments):
    assert np.array_equal(scenes(garments, 6), scenes(garments, 6))
    assert not np.array_equal(scenes(garments, 6), scenes(garments, 7))
    assert np.array_equal(
        scenes(np.zeros_like(garments), 6)[:, :, 0, 0], scenes(garments[:, ::-1].copy() * 0, 6)[:, :, 0, 0]
    )
