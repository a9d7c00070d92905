"""`moco-bench` for shells of tests, in processes that begin with everything imported: 0.1 s each in place of two.

A server has imported what commands import. A client, which is what a shell starts, hands it its arguments, folder,
environment and open files; the server forks, and the client ends as the command does. A signal to the client reaches
the command, and a client that is killed takes the command with it. Tests of what becomes of a real process that is
killed, or of how `moco-bench` is found, don't use it.
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 120
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
IMPORTED = (
    "importlib.readers",
    "torch",
    "torchvision.models.resnet",
    "sklearn.datasets",
    "moco_bench.cli.main",
    *(f"moco_bench.cli.{name}" for name in ("collect", "evaluate", "prepare", "pretrain")),
    "moco_bench.jobs.pretrain",
    "moco_bench.train.pretrain",
    "moco_bench.data.datasets",
    "moco_bench.evaluate.floors",
    "moco_bench.evaluate.stored",
    "moco_bench.analyse.write",
    "moco_bench.report.write",
)


@contextmanager
def start_server(folder: Path) -> Iterator[None]:
    """A server whose socket lies in `folder`, beside `moco-bench`, its client, and `functions.sh`, which defines it."""
    client = folder / "moco-bench"
    client.write_text(
        f"#!{sys.executable} -IS\n{CLIENT.format(socket=str(folder / 'socket'), signals=tuple(map(int, FORWARDED)))}"
    )
    client.chmod(0o755)
    (folder / "functions.sh").write_text(f'moco-bench() {{ "{client}" "$@"; }}\n')
    command = [sys.executable, __file__, str(folder / "socket")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # it ends when its standard input does
        deadline = time.monotonic() + PATIENCE
        while not (folder / "socket").exists():
            assert process.poll() is None, "the server of commands ended"
            assert time.monotonic() < deadline, f"the server of commands did not start in {PATIENCE} s"
            time.sleep(0.02)
        try:
            yield
        finally:
            process.terminate()  # somebody who was forked from this process may hold its end of the pipe


CLIENT = """\
import array, json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({socket!r})
words = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
files = array.array("i", [0, 1, 2]).tobytes()
server.sendmsg([len(words).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
server.sendall(words)
for number in {signals!r}:
    signal.signal(number, lambda number, frame: server.send(bytes([number])))
code = int(server.recv(16) or -9)
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if code != -9 else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def serve(path: str) -> None:
    """Answer clients until the process that started this one ends, which closes the standard input."""
    for name in IMPORTED:
        __import__(name)
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{path}.new")
    listening.listen(64)
    os.rename(f"{path}.new", path)
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if sys.stdin in ready:
            return
        client, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            answer(client)
            os._exit(0)
        client.close()


def answer(client: socket.socket) -> None:
    """Run one client's command in a child, hand signals on to it, and tell the client its code."""
    length, files, _, _ = socket.recv_fds(client, 4, 3)
    words = b""
    while len(words) < int.from_bytes(length, "big"):
        received = client.recv(1 << 16)
        if not received:  # killed before it could say what it wants
            return
        words += received
    arguments, folder, environment = json.loads(words)
    child = os.fork()
    if child == 0:
        client.close()
        become(arguments, folder, environment, files)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([ended, client], [], [])
        if ended in ready:
            break
        numbers = client.recv(16)
        for number in numbers or [signal.SIGKILL]:  # a client that was killed says nothing more
            os.kill(child, number)
        if not numbers:
            break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError):
        client.send(str(code).encode())


def become(arguments: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Be the command, to the end of this process."""
    for wanted, file in enumerate(files):
        os.dup2(file, wanted)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = ["moco-bench", *arguments]
    from moco_bench.cli.main import main

    try:
        code = main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)  # to take apart all that was imported takes longer than most commands


if __name__ == "__main__":
    serve(sys.argv[1])
