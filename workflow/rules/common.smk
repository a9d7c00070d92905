# What the rules share: the suite of this invocation, its runs, and what each job's result depends on.
import os
import re
import shutil
import sys
from pathlib import Path

from moco_bench.errors import InputError, system_error
from moco_bench.files import check_link, sha256_of
from moco_bench.locks import Lock
from moco_bench.suite.costs import costs_fingerprint
from moco_bench.suite.fingerprint import EVALUATION_PROTOCOL, identity
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.runs import expand as expand_suite
from moco_bench.suite.suite import load_suite

# The suite of this invocation


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


def load_runs():
    """The suite file, the suite, and its runs by id."""
    try:
        path = suite_file()
        suite = load_suite(path)
        return path, suite, {run.id: run for run in expand_suite(suite)}
    except InputError as error:
        stop(error, code=2)


SUITE_FILE, SUITE, RUNS = load_runs()
DATASETS = {dataset.title: dataset for dataset in SUITE.datasets}


# Where things lie

RESULTS = f"results/{SUITE.name}"
REPORTS = f"reports/{SUITE.name}"
LOGS = f"logs/{SUITE.name}"
RUN = "{dataset}/{encoder}/{arm}/{seed}"


def one_of(names):
    """A pattern that matches these names and nothing else."""
    return "|".join(re.escape(name) for name in sorted(set(names)))


wildcard_constraints:
    dataset=one_of(DATASETS),
    encoder=one_of(encoder.title for encoder in SUITE.encoders),
    arm=one_of(SUITE.arms),
    seed=one_of(run_id.rsplit("/", 1)[1] for run_id in RUNS),


def run_of(wildcards):
    return RUNS[RUN.format(**wildcards)]


def of_each_run(name):
    """The file `name` of every run."""
    return [f"{RESULTS}/runs/{run_id}/{name}" for run_id in RUNS]


def what_paces(wildcards):
    """What a run at equal seconds or operations waits for: its cost, and the run at equal epochs that it may be one with."""
    run = run_of(wildcards)
    if run.budget == "epochs":
        return []
    equal_epochs = run.id.removesuffix(f"-{run.budget}")
    return [f"{RESULTS}/costs.json", f"{RESULTS}/runs/{equal_epochs}/metrics.json"]


def of_each_dataset(kind):
    """The file of this kind, `data` or `floors`, of every data set."""
    return [f"{RESULTS}/{kind}/{dataset}.json" for dataset in DATASETS]


def own_file(wildcards):
    """The user's own file of images, if the data set is one: when it changes, its manifest is made again."""
    dataset = DATASETS[wildcards.dataset]
    return [dataset.path] if dataset.name == "npz" and Path(dataset.path).is_file() else []


SUITE_ARGUMENT = str(SUITE_FILE.relative_to(Path.cwd()) if SUITE_FILE.is_relative_to(Path.cwd()) else SUITE_FILE)


def suite_argument(wildcards, output):
    """The suite file as a job's command names it.

    It takes `output` so that Snakemake counts it as derived: where the suite lies is no reason to train again.
    """
    return SUITE_ARGUMENT


# What results depend on: the one tracked param of each rule


def request_fingerprint(wildcards):
    """Of a data set's manifest: where the images are as well as which they are."""
    return sha256_of(DATASETS[wildcards.dataset].model_dump(mode="json"))


def floors_fingerprint(wildcards):
    """Of a data set's floors."""
    return sha256_of(
        {
            "protocol": EVALUATION_PROTOCOL,
            "dataset": identity(DATASETS[wildcards.dataset]),
            "encoders": [identity(encoder) for encoder in SUITE.encoders],
            "seeds": SUITE.seeds,
            "evaluate": identity(SUITE.evaluate),
        }
    )


# Of tables and report: the whole suite file, comments included, because the report shows it.
SUITE_FINGERPRINT = sha256_of(SUITE_FILE.read_text(encoding="utf-8"))


# What jobs take of the machine

# A run over several devices has a process, with threads of its own, for each.
THREADS = max(run.train.threads * run.train.devices for run in RUNS.values())


def wants_gpu(device):
    """Whether a run holds a GPU: `auto` takes one where there is one, and must not wait for one where there is none."""
    return device.startswith("cuda") or (device == "auto" and shutil.which("nvidia-smi") is not None)


GPUS = max(run.train.devices if wants_gpu(run.train.device) else 0 for run in RUNS.values())

# Not `workflow.cores`, which refuses commands that need no cores, such as `--report`.
ALL_CORES = workflow.resource_settings.cores or THREADS

# A run takes one slot, a profile all: as many as the limit in the profile that Snakemake picks up.
ALL_SLOTS = 1000

# It names the software of a rule; jobs run in the environment that Snakemake runs in, where this package is installed.
ENVIRONMENT = "../../environment.yml"

# Jobs call `moco-bench` by name: that environment's, activated or not.
os.environ.update(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

# Snakemake's own lock outlives a power cut and then needs `--unlock`, so the profiles turn it off; the kernel frees
# this one however its holder ends.
LOCK = Lock(Path(RESULTS, ".lock"))


def hold_suite():
    """Keep a second Snakemake off this suite until this process ends."""
    try:
        check_link(Path(RESULTS))
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
