import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from moco_bench.data import shards
from moco_bench.data.decoding import decode
from moco_bench.data.stored import StoredImages, in_memory
from moco_bench.errors import InputError

pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other shape", "no summary", "odd summary"])
def test_a_damaged_entry_is_made_again(load, folder, cache, decodings, damage):
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


@pytest.fixture
def small_shards(monkeypatch):
    """Three images of 16 px each."""
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 3 * 16 * 16)


def test_several_shards_hold_the_bits_of_one(load, folder, tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("ant/1", "cat/3"):
        Image.new("RGB", (30, 50)).save(folder / f"train/{name}.png", exif=exif)
    whole = load(folder)
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 3 * 16 * 16)
    monkeypatch.setenv("MOCO_BENCH_CACHE", str(tmp_path / "other"))
    for _ in range(2):
        split = load(folder)
        assert isinstance(split.train.images, StoredImages)
        assert torch.equal(in_memory(split.train.images), whole.train.images)
        assert (split.sha256, split.mean, split.std) == (whole.sha256, whole.mean, whole.std)
        assert split.train.origin == whole.train.origin
        held = load(folder, validation=0.4, train_limit=4)
        assert isinstance(held.evaluation.images, StoredImages)


def test_what_was_decoded_before_a_kill_is_not_decoded_again(load, folder, small_shards, monkeypatch, decodings):
    original = shards.write_json

    def killed_at_the_third(path, content):
        if path.name == "00002.json":
            raise KeyboardInterrupt
        original(path, content)

    monkeypatch.setattr(shards, "write_json", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        load(folder)
    monkeypatch.setattr(shards, "write_json", original)
    del decodings[:]
    load(folder)
    assert len(decodings) == 14 - 2 * 3


def test_all_broken_files_of_all_shards_are_named(load, folder, small_shards):
    for name in ("ant/0", "cat/1", "cat/4"):
        (folder / f"train/{name}.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"3 files(.|\n)*ant/0(.|\n)*cat/1(.|\n)*cat/4"):
        load(folder)


def test_a_file_that_changes_under_the_decoders_spoils_no_shard(load, folder, small_shards, monkeypatch):
    original = shards.decode_all

    def changed_meanwhile(files, size):
        yield from original(files, size)
        Image.new("RGB", (20, 20), "red").save(files[-1])

    monkeypatch.setattr(shards, "decode_all", changed_meanwhile)
    with pytest.raises(InputError, match="changed while they were read"):
        load(folder)
    monkeypatch.setattr(shards, "decode_all", original)
    first = folder / "train/ant/2.png"
    assert np.array_equal(in_memory(load(folder).train.images)[2].numpy(), decode(first, 16).pixels)


@pytest.mark.slow
def test_two_processes_share_the_work(load, folder, small_shards, cache):
    code = (
        "import sys; from moco_bench.data import shards; shards.SHARD_BYTES = 3 * 3 * 16 * 16\n"
        "from moco_bench.data.datasets import load_dataset; from moco_bench.suite.config import DatasetConfig\n"
        "print(load_dataset(DatasetConfig(name='image-folder', path=sys.argv[1], image_size=16)).sha256)"
    )
    asked = [sys.executable, "-c", code, str(folder)]
    others = [subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {other.communicate()[0].strip() for other in others}
    assert told == {load(folder).sha256}


CODE = """
import resource, sys
from moco_bench.data import shards
shards.SHARD_BYTES = int(sys.argv[2])
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
    whole, reading, mapped = read_and_trained(tmp_path / "many", shards.SHARD_BYTES)
    assert whole > 2**31
    assert reading < 1.2 * shards.SHARD_BYTES
    assert mapped < shards.SHARD_BYTES
