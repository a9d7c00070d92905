import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moco_bench.data.decoding import FIRST_FRAME, ON_WHITE, TURNED, BrokenFiles, decode, decode_all
from moco_bench.errors import InputError


@pytest.fixture
def scene():
    """An image that isn't its own mirror: bright above, and brighter to the left."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16] = 200
    pixels[:, :16] += 50
    return pixels


def saved(path: Path, image: Image.Image, **more) -> Path:
    image.save(path, **more)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_file_that_carries_its_orientation_is_read_as_viewers_show_it(tmp_path, scene, orientation, suffix):
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    image = Image.fromarray(scene)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = image.transpose(undo) if undo is not None else image

    read = decode(saved(tmp_path / f"turned.{suffix}", turned, exif=exif, quality=95), 32)

    assert np.abs(read.pixels.transpose(1, 2, 0).astype(int) - scene).mean() < 3
    assert read.changed == ((TURNED,) if orientation > 1 else ())


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "gif"])
def test_transparent_parts_are_white_as_on_paper(tmp_path, suffix):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:8] = (10, 20, 30, 255)
    image = Image.fromarray(pixels)

    read = decode(saved(tmp_path / f"cut-out.{suffix}", image, **({"lossless": True} if suffix == "webp" else {})), 16)

    assert read.changed == (ON_WHITE,)
    assert read.pixels[:, 0, 0].tolist() == [10, 20, 30]
    assert read.pixels[:, -1, -1].tolist() == [255, 255, 255]


def test_half_transparent_gray_and_a_palette_with_a_transparent_colour(tmp_path):
    gray = Image.fromarray(np.dstack([np.zeros((8, 8), np.uint8), np.full((8, 8), 128, np.uint8)]), "LA")
    read = decode(saved(tmp_path / "gray.png", gray), 8)
    assert set(read.pixels.flatten().tolist()) == {127}
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([9, 9, 9, 70, 80, 90])
    assert decode(saved(tmp_path / "a.png", palette, transparency=1), 8).pixels[:, 0, 0].tolist() == [255] * 3
    plain = decode(saved(tmp_path / "b.png", palette, transparency=0), 8)
    assert plain.pixels[:, 0, 0].tolist() == [70, 80, 90]
    assert plain.changed == ()


def test_black_and_white_of_one_bit_is_black_and_white(tmp_path):
    image = Image.fromarray(np.eye(16, dtype=bool))
    read = decode(saved(tmp_path / "bits.png", image), 16)
    assert sorted(set(read.pixels.flatten().tolist())) == [0, 255]


@pytest.mark.parametrize("suffix", ["gif", "tif", "png", "webp"])
def test_of_several_frames_the_first_is_read_and_that_is_said(tmp_path, suffix):
    frames = [Image.new("RGB", (16, 16), (level, level, level)) for level in (200, 100, 0)]
    more = {"lossless": True} if suffix == "webp" else {}
    read = decode(saved(tmp_path / f"film.{suffix}", frames[0], save_all=True, append_images=frames[1:], **more), 16)
    assert FIRST_FRAME in read.changed
    assert read.pixels[0, 0, 0] == 200


def png_of(width: int, height: int) -> bytes:
    """A PNG of black pixels, written without holding them."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(13300, 13300), (20000, 20000), (90_000_000, 1)])
def test_a_small_file_with_gigabytes_of_pixels_is_refused_before_it_is_unpacked(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(width, 1)[:40] + png_of(8, 8)[40:])
    whole = bytearray(path.read_bytes())
    whole[16:24] = struct.pack(">II", width, height)
    whole[29:33] = struct.pack(">I", zlib.crc32(bytes(whole[12:29])))
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"bomb\.png: .*pixels") as refused:
        list(decode_all([path], 16))
    assert "\n" not in str(refused.value)


def test_all_files_that_cannot_be_used_are_named_at_once(tmp_path):
    good = saved(tmp_path / "good.png", Image.new("RGB", (16, 16)))
    deep = saved(tmp_path / "deep.png", Image.fromarray(np.full((16, 16), 40000, np.uint16)))
    bad = [tmp_path / f"bad{number:02}.png" for number in range(30)]
    for path in bad:
        path.write_text("no image")

    with pytest.raises(BrokenFiles) as refused:
        list(decode_all([good, *bad, deep], 16))

    message = str(refused.value)
    assert message.startswith("31 files can't be used. ")
    assert all(path.name in message for path in [*bad, deep])
    assert "good.png" not in message
    assert "\n" not in message


def test_images_come_in_the_order_of_their_files(tmp_path):
    files = [saved(tmp_path / f"{level}.png", Image.new("L", (9 + level % 7, 8), level)) for level in range(0, 250, 3)]
    assert [int(image.pixels[0, 0, 0]) for _, image in decode_all(files, 8)] == list(range(0, 250, 3))
