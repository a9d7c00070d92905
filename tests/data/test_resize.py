import torch

from moco_bench.data.resize import to_square


def test_the_centre_is_kept_where_only_a_side_is_too_long():
    images = torch.arange(2 * 1 * 4 * 8, dtype=torch.uint8).view(2, 1, 4, 8)

    assert torch.equal(to_square(images, 4), images[..., 2:6])
    assert torch.equal(to_square(images.transpose(-1, -2), 4), images[..., 2:6].transpose(-1, -2))


def test_smaller_images_are_means_of_what_they_cover():
    """Antialiased: a chequerboard of single pixels becomes grey, not black or white."""
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 200
    small = to_square(board.to(torch.uint8)[None, None], 4)

    assert small.shape == (1, 1, 4, 4)
    assert small.dtype == torch.uint8
    assert (small.int() - 100).abs().max() <= 15
