"""What would run, and why, decided in one place for `plan`, `status`, `collect` and the workflow.

Everything is read off the files in the results: fingerprints and hashes, no time stamps, no other records. Results that
were copied are as good as their originals, and a file that was lost or changed is found by everybody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from moco_bench.errors import InputError, one_line
from moco_bench.files import canonical_json, is_vouched_for, mapping_if_any, seal_is_broken, sha256_of, sha256_of_file
from moco_bench.suite.copies import recorded_code
from moco_bench.suite.equal_compute import costs_path, known_runs
from moco_bench.suite.identity.run import PROTOCOL, evaluation_fingerprint, identity
from moco_bench.suite.on_disk import made
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint
from moco_bench.suite.on_disk.finished import lender
from moco_bench.suite.on_disk.hashes import damage, encoder_was_kept
from moco_bench.suite.on_disk.record import read_record
from moco_bench.suite.runs import Run
from moco_bench.suite.steps import DataState, data_state, why_costs, why_floors, why_profile, why_tune
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import tuned_path

State = Literal["done", "failed", "evaluate", "shared", "started", "new", "changed"]
FINISHED = ("done", "failed")
MAX_REASON = 300
"""Characters of a reason."""


@dataclass(frozen=True)
class PlannedRun:
    """A run, its state, and why it would be run (empty if it would not be).

    `evidence` stands for the content of its files: equal evidence, equal results.
    """

    run: Run
    state: State
    reason: str
    evidence: tuple[str, ...] = field(default=(), compare=False)

    @property
    def would_run(self) -> bool:
        """Whether the workflow would do anything for it."""
        return self.state not in FINISHED

    @property
    def would_train(self) -> bool:
        """Whether it would be trained or taken over, not only evaluated."""
        return self.would_run and self.state != "evaluate"


@dataclass(frozen=True)
class SuitePlan:
    """All that is still to be done for a suite's results. Mappings hold only what has to be done, with reasons.

    Attributes:
        runs: every run of the suite, done or not.
        data: data sets whose images have to be read.
        floors: data sets whose baselines without learning have to be evaluated.
        once: steps that are done once for the suite: `costs`, `tune`, `profile`, `collect`, `analyse`, `report`.
        evidence: what the table of runs is made from.
        images: how many training images each data set has, as far as its manifest says.
    """

    runs: tuple[PlannedRun, ...]
    data: dict[str, str]
    floors: dict[str, str]
    once: dict[str, str]
    evidence: str
    images: dict[str, int | None] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, PlannedRun]:
        """The runs by their place below `runs/`."""
        return {item.run.id: item for item in self.runs}

    def to_do(self, rule: str) -> frozenset[str]:
        """Names of the jobs of one workflow rule: data sets, runs, or `once`."""
        return self._to_do.get(rule, frozenset())

    @cached_property
    def _to_do(self) -> dict[str, frozenset[str]]:
        return {
            "prepare": frozenset(self.data),
            "floors": frozenset(self.floors),
            "pretrain": frozenset(item.run.id for item in self.runs if item.would_train),
            "evaluate": frozenset(item.run.id for item in self.runs if item.would_run and not item.would_train),
            **{step: frozenset({"once"}) for step in self.once},
        }

    def steps(self) -> Iterator[tuple[str, str]]:
        """Everything to do besides the runs, in order: what, and why."""
        yield from ((f"prepare {title}", reason) for title, reason in self.data.items())
        yield from ((f"floors {title}", reason) for title, reason in self.floors.items())
        yield from self.once.items()


def plan_suite(suite: Suite, suite_file: Path, results: Path, reports: Path) -> SuitePlan:
    """Determine what is missing in a suite's results, from its files alone.

    The text of `suite_file` is shown in the report. `results` and `reports` are the folders of all of them.
    """
    directory = results / suite.name
    states = {d.title: data_state(d, directory / "data" / f"{d.title}.json") for d in suite.datasets}
    runs = tuple(plan_run(run, results, states[run.dataset.title]) for run in known_runs(suite, results))
    data = {title: state.reason for title, state in states.items() if state.reason}
    floors = {d.title: why_floors(suite, d, states[d.title], results) for d in suite.datasets}
    floors = {title: reason for title, reason in floors.items() if reason}
    evidence = sha256_of(
        [
            sha256_of_file(suite_file),
            [item.evidence for item in runs],
            [made.hash_if_there(directory / "floors" / f"{title}.json") for title in states],
            made.hash_if_there(costs_path(suite, results)),
            *([made.hash_if_there(tuned_path(suite, results))] if suite.tune else []),
        ]
    )
    once = {
        "costs": why_costs(suite, results),
        "tune": why_tune(suite, results, states.values()),
        "profile": why_profile(suite, results),
    }
    if any(item.would_run for item in runs) or floors or once["costs"] or once["tune"]:
        once["collect"] = "waits for runs, costs or baselines"
    else:
        once["collect"] = made.why_make(made.collected(directory), evidence, [directory / name for name in made.TABLES])
    if once["collect"] or once["profile"]:
        once["analyse"] = "waits for collect or profile"
    else:
        outputs = [directory / name for name in made.ANALYSIS]
        once["analyse"] = made.why_make(made.analysed(directory), made.analysis_basis(directory), outputs)
    if once["analyse"]:
        once["report"] = "waits for analyse"
    else:
        folder = reports / suite.name
        outputs = [folder / name for name in (*made.REPORT, *made.REPORT_FOLDERS)]
        once["report"] = made.why_make(made.reported(folder), made.report_basis(directory), outputs)
        once["analyse"] = "the report is made again" if once["report"] else ""
    images = {title: state.images for title, state in states.items()}
    return SuitePlan(runs, data, floors, {step: reason for step, reason in once.items() if reason}, evidence, images)


def plan_run(run: Run, results: Path, data: DataState | None = None) -> PlannedRun:
    """Determine a run's state from its files alone; `data` is the state of its images, looked up if not given."""
    if run.open_search is not None:
        return PlannedRun(run, "new", f"waits for the search of arm {run.arm} (`moco-bench tune`)")
    if run.paced_by is not None:
        return PlannedRun(run, "new", f"waits for the cost of arm {run.arm}, which decides its epochs")
    data = data or data_state(run.dataset, run.manifest(results))
    item = _own_files(run, results, data)
    if item.reason:  # it may quote somebody's file
        item = replace(item, reason=one_line(item.reason)[:MAX_REASON])
    if item.would_train and not data.changed:
        source = lender(run, data.sha256, results)
        if source is not None:
            return PlannedRun(run, "shared", f"taken over from {source.relative_to(results)}")
    return item


def _own_files(run: Run, results: Path, data: DataState) -> PlannedRun:
    directory, checkpoints = run.directory(results), run.checkpoints(results)
    if not (directory / "run.json").exists():
        if checkpoints.exists() and any((checkpoints / name).exists() for name in ("latest.ckpt", "previous.ckpt")):
            return PlannedRun(run, "started", "has a checkpoint to go on from")
        lost = directory.exists() and any(
            (directory / name).exists() for name in ("metrics.json", "encoder.safetensors")
        )
        never = "never run" if run.checkpoint is None else f"{run.checkpoint} was never evaluated"
        return PlannedRun(run, "new", "its run.json is missing" if lost else never)
    try:
        record = read_record(directory / "run.json")
    except InputError as error:
        edited = "run.json was changed" in str(error)
        return PlannedRun(
            run, "changed", f"its run.json {'was changed after the run' if edited else 'is not readable'}"
        )
    if record["fingerprint"] != run.fingerprint:
        return PlannedRun(run, "changed", _what_changed(record, run))
    if data.changed:
        return PlannedRun(run, "changed", "the data set's files have changed")
    if data.sha256 not in (None, record["data"]["sha256"]):
        return PlannedRun(run, "changed", "the data set's content has changed")
    wrong = damage(directory, record)
    if wrong:
        return PlannedRun(run, "changed", f"its {wrong}")
    evidence = (run.id, record["status"], sha256_of_file(directory / "run.json"))
    if record["status"] == "failed":
        return PlannedRun(run, "failed", "", evidence)
    metrics = mapping_if_any(directory / "metrics.json")
    if why := _why_evaluate(metrics, run, results):
        if not encoder_was_kept(record):
            return PlannedRun(run, "changed", f"{why}, and its encoder was not kept")
        return PlannedRun(run, "evaluate", why)
    return PlannedRun(run, "done", "", (*evidence, sha256_of(metrics)))


def _why_evaluate(metrics: Mapping[str, Any], run: Run, results: Path) -> str:
    if not metrics:
        return "trained, not evaluated"
    if seal_is_broken(metrics):
        return "its metrics.json was changed after the evaluation"
    if not is_vouched_for(metrics):
        return "its metrics.json has no hash of its content"
    found = metrics.get("evaluation_fingerprint")
    return "" if found == run.evaluation_fingerprint else _what_changed_in_evaluation(found, run, results)


def _what_changed_in_evaluation(found: Any, run: Run, results: Path) -> str:
    """What changed in the evaluation: settings, or only plug-in files, whose hashes the suite's copy has recorded."""
    own = identity(run.evaluate)
    ideas: tuple[dict[str, Any], ...] = own.get("metrics", ())
    if not ideas:
        return "evaluation settings changed"
    before = recorded_code(results / run.suite / "suite.yaml", "metric")
    former = tuple({**idea, "code": before.get(idea["name"], idea["code"])} for idea in ideas)
    if found != evaluation_fingerprint(run.fingerprint, {**own, "metrics": former}):
        return "evaluation settings or the file of a metric changed"
    changed = [idea["name"] for idea, old in zip(ideas, former, strict=True) if idea != old]
    return f"the file of metric {' and '.join(changed)} has changed"


def _what_changed(record: Mapping[str, Any], run: Run) -> str:
    if record.get("protocol") != PROTOCOL:
        return f"training protocol {record.get('protocol')}, now {PROTOCOL}"
    if run.checkpoint is not None:
        known = record.get("checkpoint")
        same = isinstance(known, dict) and known.get("sha256") == hash_of_checkpoint(run.checkpoint)
        return "settings changed" if same else f"{run.checkpoint} is another file than the one that was evaluated"
    wanted = run.identity
    found = {**record["config"], "seed": record.get("seed")}
    changes = list(_differences(found, {key: wanted[key] for key in wanted if key != "protocol"}))
    more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
    otherwise = "the file of a plug-in has changed" if 'code":' in canonical_json(wanted) else "settings changed"
    return "; ".join(changes[:3]) + more or otherwise


def _differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in wanted:
            if key == "code" or key.endswith("_code"):  # records hold settings; what else differs is the file
                continue
            yield from _differences(found.get(key), wanted[key], f"{path}.{key}" if path else key)
    elif found != (list(wanted) if isinstance(wanted, tuple) else wanted):
        yield f"{path}: {found} -> {wanted}"
