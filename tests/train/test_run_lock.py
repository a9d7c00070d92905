import multiprocessing
import time

from moco_bench.train.run_lock import sole_writer


def hold(folder, held, release):
    with sole_writer(folder):
        held.set()
        release.wait(60)


def held_elsewhere(folder):
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(folder, held, release))
    holder.start()
    assert held.wait(60)
    return holder, release


def test_the_second_writer_waits_for_the_first_to_end(tmp_path):
    holder, release = held_elsewhere(tmp_path)
    told = []

    with sole_writer(tmp_path, lambda who: (told.append(holder.is_alive()), release.set())):
        pass

    holder.join()
    assert told == [True]


def test_a_killed_holder_frees_the_lock(tmp_path):
    holder, _ = held_elsewhere(tmp_path)
    began = time.monotonic()

    with sole_writer(tmp_path, lambda who: holder.kill()):
        pass

    assert time.monotonic() - began < 30


def test_a_lock_file_without_a_holder_means_nothing(tmp_path):
    (tmp_path / "lock").write_text("4242")

    with sole_writer(tmp_path, lambda who: 1 / 0):
        pass
    with sole_writer(tmp_path, lambda who: 1 / 0):  # freed again
        pass


def test_whoever_holds_a_run_removes_what_killed_writers_of_any_machine_left(tmp_path):
    checkpoints, directory = tmp_path / "checkpoints", tmp_path / "run"
    for folder in (checkpoints, directory):
        folder.mkdir()
        for name in (".latest.ckpt.0badf00d.1.tmp", ".progress.json.tmp", "latest.ckpt"):
            (folder / name).touch()

    with sole_writer(checkpoints, directory=directory):
        for folder in (checkpoints, directory):
            assert {path.name for path in folder.iterdir()} - {"lock", "lock.holder"} == {"latest.ckpt"}
