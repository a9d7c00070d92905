"""A real Slurm of two nodes on loopback, with pretended GPUs: munge, slurmctld and two slurmd of Debian's packages."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for what tests and fixtures share

CONF = """\
ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={state}/run/munge.socket,cred_expire=20
StateSaveLocation={state}/state
SlurmdSpoolDir={state}/spool/%n
SlurmctldPidFile={state}/run/slurmctld.pid
SlurmdPidFile={state}/run/slurmd-%n.pid
SlurmctldLogFile={state}/log/slurmctld.log
SlurmdLogFile={state}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
KillWait=30
SlurmdTimeout=10
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobCompType=jobcomp/filetxt
JobCompLoc={state}/log/jobcomp.txt
MailProg=/bin/true
GresTypes=gpu
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname={host} Port={port1} CPUs=2 RealMemory=16000 Gres=gpu:fake:2 State=UNKNOWN
NodeName=n2 NodeAddr=127.0.0.1 NodeHostname={host} Port={port2} CPUs=2 RealMemory=16000 Gres=gpu:fake:2 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE PriorityTier=1 State=UP
PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE PriorityTier=9 State=UP
"""
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")


@dataclass
class Cluster:
    """A running Slurm."""

    state: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    snakemakes: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        path = f"{self.state / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "SLURM_CONF": str(self.state / "etc" / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout

    def start(self, name: str, *command: str) -> None:
        """Start one of its daemons."""
        log = open(self.state / "log" / f"{name}.out", "ab")  # noqa: SIM115  # the daemon's for its whole life
        self.processes[name] = subprocess.Popen(
            command, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def start_node(self, node: str) -> None:
        """Start a node's slurmd."""
        self.start(node, "slurmd", "-D", "-N", node)

    def kill_daemon(self, node: str) -> None:
        """Kill a node's slurmd; its jobs live on."""
        self.processes[node].kill()
        self.processes[node].wait()

    def kill_jobs(self, node: str) -> None:
        """Kill all that a node's jobs have started, as a power cut would."""
        for process in self.processes_of_jobs(node):
            with suppress(psutil.Error):
                process.kill()

    def processes_of_jobs(self, node: str) -> list[psutil.Process]:
        """What runs on a node for jobs, Slurm's keepers of these first: one would tell how its job has ended."""
        found, keepers = [], set()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                environment = process.environ()
                if environment.get("SLURMD_NODENAME") != node:
                    continue
                if environment.get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                    found.append(process)
                    keepers.update(parent for parent in process.parents() if parent.name().startswith("slurmstepd"))
        return [*keepers, *found]

    def wait_until_idle(self) -> None:
        """Until both nodes take jobs."""
        deadline = time.monotonic() + 120
        while self.ask("sinfo", "-h", "-N", "-p", "main", "-o", "%t").split() != ["idle", "idle"]:
            if time.monotonic() > deadline:
                logs = [path.read_text()[-2000:] for path in (self.state / "log").iterdir()]
                raise AssertionError("Slurm did not start:\n" + "\n".join(logs))
            time.sleep(0.2)

    def end_test(self) -> None:
        """End what a test that failed has left: its Snakemakes, then its jobs, which would hold the nodes."""
        left = [process for process in self.snakemakes if process.poll() is None]
        self.snakemakes.clear()
        for process in left:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if left or self.ask("squeue", "-h", "--me").strip():
            self.ask("scancel", "--me")

    def stop(self) -> None:
        """End everything that was started, and no more."""
        self.end_test()
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def set_up(state: Path) -> Cluster:
    """Write the configuration of a cluster and start it."""
    for name in ("etc", "state", "spool/n1", "spool/n2", "log", "run", "munge", "bin"):
        (state / name).mkdir(parents=True)
    host, (port, port1, port2) = socket.gethostname().split(".")[0], free_ports(3)
    gpus = [state / "run" / f"gpu{number}" for number in range(2)]
    for gpu in gpus:  # Slurm takes nothing but devices for GPUs: these are clones of /dev/null
        subprocess.run(["mknod", "-m", "666", str(gpu), "c", "1", "3"], check=True)
    (state / "etc" / "slurm.conf").write_text(CONF.format(state=state, host=host, port=port, port1=port1, port2=port2))
    (state / "etc" / "gres.conf").write_text(
        f"AutoDetect=off\nNodeName=n[1-2] Name=gpu Type=fake File={state}/run/gpu[0-1]\n"
    )
    key = state / "munge" / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    (state / "munge").chmod(0o700)
    cluster = Cluster(state)
    # The plugin's job step drops SLURM_CONF, which a cluster whose configuration lies in its usual place doesn't need.
    srun = state / "bin" / "srun"
    srun.write_text(
        f'#!/bin/sh\nexport SLURM_CONF={cluster.environment["SLURM_CONF"]}\nexec {shutil.which("srun")} "$@"\n'
    )
    srun.chmod(0o755)
    cluster.start(
        "munged", "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={state}/run/munge.socket",
        f"--pid-file={state}/run/munged.pid", f"--log-file={state}/log/munged.log",
        f"--seed-file={state}/munge/seed", "--num-threads=2",
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (state / "run" / "munge.socket").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.start("slurmctld", "slurmctld", "-D", "-c")
    for node in ("n1", "n2"):
        cluster.start_node(node)
    return cluster


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for all tests. MOCO_BENCH_REQUIRE_SLURM=1 promises that one can be started."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    reason = f"not installed: {', '.join(missing)} (Debian: slurm-wlm munge)" if missing else ""
    if not reason and os.geteuid() != 0:
        reason = "Slurm's daemons are started by root only"
    try:
        import snakemake_executor_plugin_slurm  # noqa: F401
    except ImportError:
        reason = reason or "not installed: snakemake-executor-plugin-slurm (pip install moco-bench[slurm])"
    if reason:
        (pytest.fail if os.environ.get("MOCO_BENCH_REQUIRE_SLURM") == "1" else pytest.skip)(reason)
    state = tmp_path_factory.mktemp("slurm").resolve()
    for folder in (state, *state.parents[:2]):
        folder.chmod(0o755)
    cluster = set_up(state)
    try:
        cluster.wait_until_idle()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def shared(tmp_path: Path, slurm: Cluster) -> Iterator[Path]:
    """A folder of this test's own; nothing that began in it outlives the test."""
    folder = tmp_path / "shared"
    folder.mkdir()
    yield folder.resolve()
    slurm.end_test()
