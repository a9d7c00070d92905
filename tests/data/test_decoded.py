import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from moco_bench.data import decoded
from moco_bench.data.datasets import load_dataset
from moco_bench.data.decoding import decode
from moco_bench.data.stored import StoredImages, in_memory
from moco_bench.errors import InputError
from moco_bench.suite.config import DatasetConfig


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def decodings(monkeypatch) -> list[Path]:
    """The files that were decoded."""
    files: list[Path] = []
    original = decoded.decode_all

    def counted(some, size):
        files.extend(some)
        return original(some, size)

    monkeypatch.setattr(decoded, "decode_all", counted)
    return files


@pytest.fixture
def folder(tmp_path) -> Path:
    random = np.random.default_rng(1)
    for split, count in (("train", 5), ("test", 2)):
        for name in ("ant", "cat"):
            (tmp_path / "images" / split / name).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "images" / split / name / f"{index}.png")
    return tmp_path / "images"


def load(path, size=16, **more):
    return load_dataset(DatasetConfig(name="image-folder", path=str(path), image_size=size, **more))


def settle(folder: Path) -> None:
    """Wait until the files are old enough to be told from later ones by their times alone."""
    newest = max(path.stat().st_ctime for path in folder.rglob("*.*"))
    time.sleep(max(0.0, newest + decoded.TICK_SECONDS + 0.1 - time.time()))


def test_a_folder_is_decoded_once_and_equals_decoding_file_by_file(folder, decodings):
    first, again = load(folder), load(folder)
    assert len(decodings) == 14
    assert torch.equal(first.train.images, again.train.images)
    assert first.sha256 == again.sha256
    files = [folder / "train" / name / f"{index}.png" for name in ("ant", "cat") for index in range(5)]
    assert np.array_equal(first.train.images.numpy(), np.stack([decode(file, 16).pixels for file in files]))


def test_in_memory_where_nothing_can_be_kept_with_the_same_bits(folder, cache, decodings):
    kept = load(folder).sha256
    shutil.rmtree(cache)
    cache.write_text("a file where the cache would be")
    with pytest.warns(UserWarning, match="MOCO_BENCH_CACHE"):
        assert load(folder).sha256 == kept
    assert len(decodings) == 4 * 7


def test_files_known_by_their_times_are_not_even_read(folder, monkeypatch):
    settle(folder)
    kept = load(folder).sha256
    monkeypatch.setattr(decoded, "_content", lambda files, size: pytest.fail("files were read"))
    assert load(folder).sha256 == kept


def test_a_copied_folder_is_known_by_its_content(folder, tmp_path, decodings):
    load(folder)
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    load(tmp_path / "copy")
    assert len(decodings) == 14


@pytest.mark.parametrize("change", ["other pixels", "same size and time", "renamed", "removed", "added", "relinked"])
def test_no_change_goes_unnoticed(folder, change):
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


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other shape", "no summary", "odd summary"])
def test_a_damaged_entry_is_made_again(folder, cache, decodings, damage):
    whole = load(folder).sha256
    del decodings[:]
    for array in cache.rglob("*.npy"):
        content = bytearray(array.read_bytes())
        if damage == "cut":
            array.write_bytes(content[:-1])
        elif damage == "flipped":
            content[-1] ^= 1
            array.write_bytes(content)
        elif damage == "empty":
            array.write_bytes(b"")
        elif damage == "other shape":
            np.save(array, np.zeros((2, 3, 16, 16), np.uint8))
        elif damage == "no summary":
            array.with_suffix(".json").unlink()
        else:
            summary = json.loads(array.with_suffix(".json").read_text())
            array.with_suffix(".json").write_text(json.dumps({**summary, "sides": 3}))
    assert load(folder).sha256 == whole
    assert len(decodings) == 14


def test_an_index_that_leads_elsewhere_is_not_followed(folder, cache):
    settle(folder)
    whole = load(folder).sha256
    for index in cache.glob("*.index.json"):
        index.write_text(json.dumps({**json.loads(index.read_text()), "entry": "../../etc/passwd"}))
    assert load(folder).sha256 == whole


def test_what_was_seen_while_decoding_is_known_from_the_cache_too(folder, decodings):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 50)).save(folder / "train/ant/0.png", exif=exif)
    first, again = load(folder), load(folder)
    assert len(decodings) == 14
    assert first.train.origin == again.train.origin
    assert [remark.count for remark in again.train.origin.changed] == [1]
    assert again.train.origin.sides == ((20, 24), (30, 50))


def test_another_size_is_another_entry(folder, cache):
    assert load(folder, 16).train.images.shape[-1] == 16
    assert load(folder, 8).train.images.shape[-1] == 8
    assert len(list(cache.rglob("*.npy"))) == 4


def test_entries_that_no_folder_has_any_more_go(folder, cache):
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


def test_training_on_mapped_images_cannot_change_the_cache(folder, cache):
    dataset = load(folder)
    before = dataset.sha256
    views = dataset.train.images[torch.tensor([0, 1])].float().div_(255)
    assert views.max() <= 1
    assert load(folder).sha256 == before


@pytest.fixture
def small_shards(monkeypatch):
    """Three images of 16 px each."""
    monkeypatch.setattr(decoded, "SHARD_BYTES", 3 * 3 * 16 * 16)


def test_several_shards_hold_the_bits_of_one(folder, tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("ant/1", "cat/3"):
        Image.new("RGB", (30, 50)).save(folder / f"train/{name}.png", exif=exif)
    whole = load(folder)
    monkeypatch.setattr(decoded, "SHARD_BYTES", 3 * 3 * 16 * 16)
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "other"))
    for _ in range(2):
        shards = load(folder)
        assert isinstance(shards.train.images, StoredImages)
        assert torch.equal(in_memory(shards.train.images), whole.train.images)
        assert (shards.sha256, shards.mean, shards.std) == (whole.sha256, whole.mean, whole.std)
        assert shards.train.origin == whole.train.origin
        held = load(folder, validation=0.4, train_limit=4)
        assert isinstance(held.evaluation.images, StoredImages)


def test_what_was_decoded_before_a_kill_is_not_decoded_again(folder, small_shards, monkeypatch, decodings):
    original = decoded.write_json

    def killed_at_the_third(path, content):
        if path.name == "00002.json":
            raise KeyboardInterrupt
        original(path, content)

    monkeypatch.setattr(decoded, "write_json", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        load(folder)
    monkeypatch.setattr(decoded, "write_json", original)
    del decodings[:]
    load(folder)
    assert len(decodings) == 14 - 2 * 3


def test_all_broken_files_of_all_shards_are_named(folder, small_shards):
    for name in ("ant/0", "cat/1", "cat/4"):
        (folder / f"train/{name}.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"3 files(.|\n)*ant/0(.|\n)*cat/1(.|\n)*cat/4"):
        load(folder)


def test_a_file_that_changes_under_the_decoders_spoils_no_shard(folder, small_shards, monkeypatch):
    original = decoded.decode_all

    def changed_meanwhile(files, size):
        yield from original(files, size)
        Image.new("RGB", (20, 20), "red").save(files[-1])

    monkeypatch.setattr(decoded, "decode_all", changed_meanwhile)
    with pytest.raises(InputError, match="changed while they were read"):
        load(folder)
    monkeypatch.setattr(decoded, "decode_all", original)
    first = folder / "train/ant/2.png"
    assert np.array_equal(in_memory(load(folder).train.images)[2].numpy(), decode(first, 16).pixels)


@pytest.mark.slow
def test_two_processes_share_the_work(folder, small_shards, cache):
    code = (
        "import sys; from moco_bench.data import decoded; decoded.SHARD_BYTES = 3 * 3 * 16 * 16\n"
        "from moco_bench.data.datasets import load_dataset; from moco_bench.suite.config import DatasetConfig\n"
        "print(load_dataset(DatasetConfig(name='image-folder', path=sys.argv[1], image_size=16)).sha256)"
    )
    asked = [sys.executable, "-c", code, str(folder)]
    others = [subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {other.communicate()[0].strip() for other in others}
    assert told == {load(folder).sha256}


def test_without_a_cache_more_than_memory_is_refused(folder, cache, monkeypatch):
    cache.write_text("a file where the cache would be")
    monkeypatch.setattr(decoded, "usable_memory", lambda: 1000)
    with pytest.warns(UserWarning, match="CACHE"), pytest.raises(InputError, match="MOCO_BENCH_CACHE"):
        load(folder)


CODE = """
import resource, sys
from moco_bench.data import decoded
decoded.SHARD_BYTES = int(sys.argv[2])
limit = 2**31  # of a process's own memory; what it shares with others through the kernel is not counted
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
from moco_bench.data.datasets import load_dataset
from moco_bench.suite.config import DatasetConfig
from moco_bench.suite.runs import expand
from moco_bench.suite.load import parse_suite
from moco_bench.profile.stepper import Stepper
import torch, torchvision, PIL.JpegImagePlugin
def resident(name):
    return sum(1024 * int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
before = resident("VmRSS")
path = sys.argv[1]
dataset = load_dataset(DatasetConfig(name="image-folder", path=path, image_size=224))
reading = resident("VmHWM") - before
suite = parse_suite({
    "name": "many", "dataset": {"name": "image-folder", "path": path, "image_size": 224},
    "encoder": {"name": "resnet-compact", "width": 16, "stem": "patch2", "dimension": 16},
    "contrast": {"queue_size": 64},
    "train": {"epochs": 1, "batch_size": 8, "precision": "float32", "threads": 1, "device": "cpu"},
    "seeds": [0], "arms": {"vanilla": None}}, "many")
stepper = Stepper(expand(suite)[0], dataset)
for _ in range(3):
    stepper.step()
print(dataset.train.images.nbytes, reading, resident("RssFile"), dataset.sha256)
"""


def many_jpegs(folder, count):
    random = np.random.default_rng(0)
    for split, each in (("train", count // 2), ("test", 2)):
        for name in ("ant", "cat"):
            (folder / split / name).mkdir(parents=True)
            original = folder / split / name / "0.jpg"
            coarse = Image.fromarray(random.integers(0, 256, (28, 28, 3), dtype=np.uint8))
            coarse.resize((256, 224), Image.Resampling.BICUBIC).save(original)
            for index in range(1, each):
                shutil.copyfile(original, original.with_name(f"{index}.jpg"))


def read_and_trained(folder, shard):
    told = subprocess.run(
        [sys.executable, "-c", CODE, str(folder), str(shard)], capture_output=True, text=True, check=True
    )
    whole, reading, mapped, _ = told.stdout.split()
    return int(whole), int(reading), int(mapped)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_many_images_never_take_more_than_a_shard(tmp_path):
    many_jpegs(tmp_path / "many", 1200)
    whole, reading, _ = read_and_trained(tmp_path / "many", 2**27)
    assert whole == 1200 * 3 * 224 * 224
    assert reading < 1.2 * 2**27


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twenty_thousand_images_of_3_gib_train_in_2_gib(tmp_path):
    many_jpegs(tmp_path / "many", 20_000)
    whole, reading, mapped = read_and_trained(tmp_path / "many", decoded.SHARD_BYTES)
    assert whole > 2**31
    assert reading < 1.2 * decoded.SHARD_BYTES
    assert mapped < decoded.SHARD_BYTES
