import errno
import json
import mmap
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from moco_bench.data import decoded
from moco_bench.data.decoding import decode
from moco_bench.errors import InputError

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def _short_tick(monkeypatch):
    """File times are believed after less than the two seconds that the oldest file systems need."""
    monkeypatch.setattr(decoded, "TICK_SECONDS", 0.2)


def settle(folder: Path) -> None:
    """Wait until the files are old enough to be told from later ones by their times alone."""
    newest = max(path.stat().st_ctime for path in folder.rglob("*.*"))
    time.sleep(max(0.0, newest + decoded.TICK_SECONDS + 0.1 - time.time()))


def test_a_folder_is_decoded_once_and_equals_decoding_file_by_file(load, folder, decodings):
    first, again = load(folder), load(folder)
    assert len(decodings) == 14
    assert torch.equal(first.train.images, again.train.images)
    assert first.sha256 == again.sha256
    files = [folder / "train" / name / f"{index}.png" for name in ("ant", "cat") for index in range(5)]
    assert np.array_equal(first.train.images.numpy(), np.stack([decode(file, 16).pixels for file in files]))


def test_in_memory_where_nothing_can_be_kept_with_the_same_bits(load, folder, cache, decodings):
    kept = load(folder).sha256
    shutil.rmtree(cache)
    cache.write_text("a file where the cache would be")
    with pytest.warns(UserWarning, match="MOCO_BENCH_CACHE"):
        assert load(folder).sha256 == kept
    assert len(decodings) == 4 * 7


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EINVAL, errno.EPERM])
def test_in_memory_where_the_caches_file_system_cannot_map_files(load, folder, monkeypatch, number):
    kept = load(folder).sha256

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(mmap, "mmap", refuse)
    with pytest.warns(UserWarning, match=f"{os.strerror(number)}, so every run decodes .* MOCO_BENCH_CACHE"):
        assert load(folder).sha256 == kept


def test_files_known_by_their_times_are_not_even_read(load, folder, monkeypatch):
    settle(folder)
    kept = load(folder).sha256
    monkeypatch.setattr(decoded, "_content", lambda files, size: pytest.fail("files were read"))
    assert load(folder).sha256 == kept


def test_a_copied_folder_is_known_by_its_content(load, folder, tmp_path, decodings):
    load(folder)
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    load(tmp_path / "copy")
    assert len(decodings) == 14


@pytest.mark.parametrize("change", ["other pixels", "same size and time", "renamed", "removed", "added", "relinked"])
def test_no_change_goes_unnoticed(load, folder, change):
    Image.new("RGB", (20, 20), "blue").save(folder / "train/ant/b.bmp")
    settle(folder)
    before = load(folder)
    file, other = folder / "train/ant/1.png", folder / "train/cat/1.png"
    if change == "other pixels":
        Image.new("RGB", (20, 20), "red").save(file)
    elif change == "same size and time":  # as where all times are set alike, and pixels aren't packed
        file = folder / "train/ant/b.bmp"
        status = file.stat()
        Image.new("RGB", (20, 20), "green").save(file)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert file.stat().st_size == status.st_size
    elif change == "renamed":
        file.rename(file.with_name("9.png"))
    elif change == "removed":
        file.unlink()
    elif change == "added":
        Image.new("RGB", (20, 20), "red").save(file.with_name("a.png"))
    else:
        file.unlink()
        file.symlink_to(other)
    assert load(folder).sha256 != before.sha256


def test_an_index_that_leads_elsewhere_is_not_followed(load, folder, cache):
    settle(folder)
    whole = load(folder).sha256
    for index in cache.glob("*.index.json"):
        index.write_text(json.dumps({**json.loads(index.read_text()), "entry": "../../etc/passwd"}))
    assert load(folder).sha256 == whole


def test_what_was_seen_while_decoding_is_known_from_the_cache_too(load, folder, decodings):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 50)).save(folder / "train/ant/0.png", exif=exif)
    first, again = load(folder), load(folder)
    assert len(decodings) == 14
    assert first.train.origin == again.train.origin
    assert [remark.count for remark in again.train.origin.changed] == [1]
    assert again.train.origin.sides == ((20, 24), (30, 50))


def test_another_size_is_another_entry(load, folder, cache):
    assert load(folder, 16).train.images.shape[-1] == 16
    assert load(folder, 8).train.images.shape[-1] == 8
    assert len(list(cache.rglob("*.npy"))) == 4


def test_entries_that_no_folder_has_any_more_go(load, folder, cache):
    settle(folder)
    load(folder)
    old = {array.parent for array in cache.rglob("*.npy")}
    for path in [*cache.rglob("*/*"), *old]:
        os.utime(path, (0, 0))
    theirs = [cache / "mine", cache / f"images-{'0' * 31}"]
    for folder_of_others in theirs:
        folder_of_others.mkdir()
        os.utime(folder_of_others, (0, 0))
    Image.new("RGB", (20, 20), "red").save(folder / "train/ant/1.png")
    settle(folder)
    load(folder)
    left = {array.parent for array in cache.rglob("*.npy")}
    assert len(left) == 2
    assert len(left & old) == 1
    assert all(path.is_dir() for path in theirs)


def test_training_on_mapped_images_cannot_change_the_cache(load, folder, cache):
    dataset = load(folder)
    before = dataset.sha256
    views = dataset.train.images[torch.tensor([0, 1])].float().div_(255)
    assert views.max() <= 1
    assert load(folder).sha256 == before


def test_without_a_cache_more_than_memory_is_refused(load, folder, cache, monkeypatch):
    cache.write_text("a file where the cache would be")
    monkeypatch.setattr(decoded, "usable_memory", lambda: 1000)
    with pytest.warns(UserWarning, match="CACHE"), pytest.raises(InputError, match="MOCO_BENCH_CACHE"):
        load(folder)
