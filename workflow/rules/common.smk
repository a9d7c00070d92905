# What the rules share: the suite of this invocation and what its results lack.
#
# Which jobs there are is not Snakemake's decision: the package's plan lists what has to be done, from the files in the
# results (`moco-bench plan` prints it), and the rules make one job of each. What a job leaves for the next one is an
# empty file under JOBS that means "done in this invocation". So Snakemake never compares time stamps of results, and
# never deletes one.
import gc
import os
import re
import shlex
import shutil
import sys
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from moco_bench.errors import InputError, system_error
from moco_bench.files import check_folder
from moco_bench.locks import Lock
from moco_bench.slurm import outlive_a_warning, take_over
from moco_bench.suite.needs import gpus_here, taken_by
from moco_bench.suite.part import part_from, plan_of_part
from moco_bench.suite.plan import plan_suite
from moco_bench.suite.load import load_suite
from moco_bench.workflow import end_on_signals, leave_signals_to_snakemake, retry_no_bad_input


def stop(message, code):
    """End Snakemake with one line: an exception that it knows would come with a traceback."""
    print(f"moco-bench: {message}", file=sys.stderr)
    raise SystemExit(code)


def suite_file():
    """The one suite file of this invocation.

    There is no `configfile:` directive, because Snakemake merges what it names with `--configfile`: the arms of the
    quickstart would run beside those that were asked for.
    """
    if workflow.config_settings.config:
        raise InputError("--config is not for suites: edit the suite file, or copy it under another name")
    if workflow.deployment_settings.deployment_method:
        raise InputError("leave out --software-deployment-method: jobs run in the environment that Snakemake runs in")
    files = workflow.overwrite_configfiles
    if len(files) > 1:
        raise InputError(f"--configfile takes one suite, not {len(files)}: {', '.join(map(str, files))}")
    return Path(files[0]) if files else Path(workflow.basedir, "config", "quickstart.yaml")


def load():
    """The suite file, the suite, the part of it that MOCO_BENCH_PART names (None: all), and what its results lack."""
    try:
        path, part = suite_file(), part_from(os.environ)
        suite = load_suite(path)
        plan = plan_suite(suite, path, Path("results"), Path("reports"))
        return path, suite, part, plan_of_part(part, plan)
    except InputError as error:
        stop(error, code=2)


# Of ten thousand jobs' objects nearly all live to the end: looking for dead cycles among them after every 700 new ones,
# as Python does, takes a quarter of the dry run.
gc.set_threshold(100_000, 50, 100)

if not workflow.is_main_process:
    outlive_a_warning()

SUITE_FILE, SUITE, PART, PLAN = load()

RESULTS = f"results/{SUITE.name}"
REPORTS = f"reports/{SUITE.name}"
LOGS = f"logs/{SUITE.name}"
RUN = "{dataset}/{encoder}/{arm}/{seed}"
RUN_ARGUMENT = "{wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
ONCE = "once"

# A new folder for each invocation, or a mark that was left there by a kill would pass for its job. Jobs that Snakemake
# starts in processes of their own look up what its name is.
NAME = SUITE.name if PART is None else f"{SUITE.name}-{PART.name}"  # parts run side by side
MARKS = Path(".snakemake", "moco-bench", NAME)
CURRENT = MARKS / "current"
INVOCATION = f"{time.time_ns():x}-{os.getpid()}" if workflow.is_main_process else CURRENT.read_text()
JOBS = f"{MARKS}/{INVOCATION}"


# Where a profile names a storage (S3), it gets the archive of the finished suite and nothing else.
STORED = workflow.storage_settings.default_storage_provider is not None


def here(path):
    """A path of this folder, also where a profile names a storage for all paths."""
    return local(path) if STORED else path


REPORTED = [here(f"{REPORTS}/{name}") for name in ("report.html", "report.md", "runs.html", "figures", "tables")]


def one_of(names):
    """A pattern that matches these names and nothing else; of many, it matches any name.

    Snakemake copies it into each file name of each job: 500 names made a fifth of a dry run of 10,000 runs.
    """
    exact = "|".join(re.escape(name) for name in sorted(set(names)))
    return exact if len(exact) <= 500 else "[^/]+"


wildcard_constraints:
    dataset=one_of(dataset.title for dataset in SUITE.datasets),
    encoder=one_of(encoder.title for encoder in SUITE.encoders),
    arm=one_of(SUITE.arms),
    seed=one_of(run_id.rsplit("/", 1)[1] for run_id in PLAN.by_id),


# What is done before what: the marks of jobs that this invocation has to do anyway


def done(step, *names):
    """The marks of those jobs of a step, among `names`, that are to be done; all of them without names.

    A job that Snakemake starts in a process of its own, on a node of a cluster, waits for nothing: it was started
    because all before it is done.
    """
    if not workflow.is_main_process:
        return []
    wanted = PLAN.to_do(step)
    return [here(f"{JOBS}/{step}/{name}") for name in (names or wanted) if name in wanted]


def run_done(run_id):
    """The mark of the one job that a run has: it is trained and evaluated, or only evaluated."""
    if run_id not in PLAN.by_id:
        raise InputError(f"the suite has no run {run_id}")
    return done("pretrain", run_id) + done("evaluate", run_id)


@cache
def images_ready(dataset):
    return done("prepare", dataset) + done("tune")


def before_training(wildcards):
    """Images come first; a run at equal seconds or operations waits for its cost and for the run at equal epochs."""
    if SUITE.budgets == ("epochs",):
        return images_ready(wildcards.dataset)
    run = PLAN.by_id[RUN.format(**wildcards)].run
    paced = run_done(run.id.removesuffix(f"-{run.budget}")) if run.budget != "epochs" else []
    return images_ready(wildcards.dataset) + (done("costs") + paced if run.budget != "epochs" else [])


SUITE_ARGUMENT = str(SUITE_FILE.relative_to(Path.cwd()) if SUITE_FILE.is_relative_to(Path.cwd()) else SUITE_FILE)


def job(command, mark="mark"):
    """A job's command as a shell has it: what it prints goes to the log, and bad input (exit code 2) leaves a word.

    `SUITE` in it is the suite's file. It is no parameter of rules, which Snakemake would work out for every job.
    """
    suite = shlex.quote(SUITE_ARGUMENT).replace("{", "{{").replace("}", "}}")
    command = command.replace("SUITE", suite)
    return (
        # Signals are the command's to answer; the shell waits for it.
        f"trap : HUP TERM USR1; rm -f {{output.{mark}}}.refused; {command} > {{log:q}} 2>&1"
        f" || {{{{ code=$?; [ $code -ne 2 ] || touch {{output.{mark}}}.refused; exit $code; }}}}"
    )


# What jobs take of the machine

# Memory and time of a training are told from finished runs, for executors that ask for them.
TAKEN = taken_by(PLAN.runs, Path("results"))
ASKED = (
    {}
    if workflow.local_exec
    else {
        "mem_mb": lambda wildcards, attempt: TAKEN.mem_mb(PLAN.by_id[RUN.format(**wildcards)].run, attempt),
        "runtime": lambda wildcards: TAKEN.minutes(PLAN.by_id[RUN.format(**wildcards)].run),
    }
)

# A run over several devices has a process, with threads of its own, for each.
THREADS = max(item.run.train.threads * item.run.train.devices for item in PLAN.runs)


# What this machine has says nothing about a cluster's nodes: there, the suite or the profile asks for GPUs.
GPU_HERE = workflow.local_exec and shutil.which("nvidia-smi") is not None


def wants_gpu(device):
    """Whether a run holds a GPU: `auto` takes one where there is one, and must not wait for one where there is none."""
    return device.startswith("cuda") or (device == "auto" and GPU_HERE)


GPUS = max(item.run.train.devices if wants_gpu(item.run.train.device) else 0 for item in PLAN.runs)

# All cards of this machine are used, unless the command line says otherwise (`--resources gpu=1`). Without a limit
# Snakemake counts GPUs and ignores the count.
if workflow.local_exec and "gpu" not in workflow.global_resources:
    SHARED = min(item.run.train.runs_per_gpu for item in PLAN.runs)
    workflow.global_resources["gpu"] = max(gpus_here() * SHARED, GPUS, 1)

# Not `workflow.cores`, which refuses commands that need no cores, such as `--report`. A job on a cluster's node gets as
# many as a run, and has the node to itself by other means (`--exclusive`).
HERE = workflow.local_exec and workflow.is_main_process
ALL_CORES = (workflow.resource_settings.cores or THREADS) if HERE else THREADS

# Jobs call `moco-bench` by name: that of the environment that Snakemake runs in, activated or not.
os.environ.update(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

# Snakemake's own lock outlives a power cut and then needs `--unlock`, so the profiles turn it off; the kernel frees
# this one however its holder ends.
LOCK = Lock(Path(RESULTS, ".lock" if PART is None else f".lock-{PART.name}"))  # parts run side by side


def hold_suite():
    """Keep a second Snakemake off this suite until this process ends."""
    try:
        check_folder(Path(RESULTS))
        Path(RESULTS).mkdir(parents=True, exist_ok=True)
        if not LOCK.acquire():
            stop(
                f"another Snakemake is running the suite {SUITE.name} here: {LOCK.holder()}; wait until it ends, or end it",
                code=1,
            )
    except InputError as error:
        stop(error, code=2)
    except OSError as error:
        stop(system_error(error), code=1)


AT_THE_END = ExitStack()


def begin():
    """What has to hold while jobs run."""
    hold_suite()
    if not workflow.local_exec:
        leave_signals_to_snakemake()
        take_over(workflow, NAME, Path.cwd())
    shutil.rmtree(MARKS, ignore_errors=True)
    MARKS.mkdir(parents=True)
    CURRENT.write_text(INVOCATION)
    retry_no_bad_input(workflow.scheduler)
    if workflow.local_exec:
        AT_THE_END.enter_context(end_on_signals(SUITE.name))


def end():
    AT_THE_END.close()
    shutil.rmtree(MARKS, ignore_errors=True)
    LOCK.release()
