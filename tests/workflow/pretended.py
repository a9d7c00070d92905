"""Results as a finished suite leaves them, without training: invented numbers under the right fingerprints."""

from pathlib import Path
from typing import Any

from moco_bench.files import sealed, write_json, write_text
from moco_bench.suite.equal_compute import costs_fingerprint, costs_path, known_runs
from moco_bench.suite.identity.run import PROTOCOL
from moco_bench.suite.load import load_suite
from moco_bench.suite.on_disk.finished import pointer
from moco_bench.suite.on_disk.hashes import describe_files
from moco_bench.suite.on_disk.made import (
    ANALYSIS,
    ANALYSIS_IF_KNOWN,
    REPORT,
    REPORT_FOLDERS,
    TABLES,
    analysed,
    analysis_basis,
    collected,
    made_of_report,
    note_made,
    report_basis,
    reported,
)
from moco_bench.suite.on_disk.sources import describe_sources
from moco_bench.suite.plan import plan_suite
from moco_bench.suite.profiled import profile_fingerprint
from moco_bench.suite.runs import Run
from moco_bench.suite.steps import PROFILE_FILES, floors_fingerprint

IMAGES = "a" * 64


def pretend(suite_file: Path, folder: Path) -> None:
    """Write everything that the suite would make to `folder`: results, tables, report."""
    suite, results = load_suite(suite_file), folder / "results"
    directory, report = results / suite.name, folder / "reports" / suite.name
    for dataset in suite.datasets:
        manifest = {"sha256": IMAGES, "train_images": 1438, "source": describe_sources(dataset)}
        write_json(directory / "data" / f"{dataset.title}.json", sealed(manifest))
        floors = {"pixels": {}, "fingerprint": floors_fingerprint(suite, dataset), "data_sha256": IMAGES}
        write_json(directory / "floors" / f"{dataset.title}.json", sealed(floors))
    if suite.budgets != ("epochs",):
        write_json(costs_path(suite, results), sealed({"fingerprint": costs_fingerprint(suite), "costs": []}))
    if suite.profile is not None:
        write_json(directory / "profile" / PROFILE_FILES[0], {"fingerprint": profile_fingerprint(suite)})
        for name in PROFILE_FILES[1:]:
            write_text(directory / "profile" / name, "arm\n")
    for run in known_runs(suite, results):
        pretend_run(run, results)
    pretend_tables(suite_file, folder)
    assert not any(item.would_run for item in plan_suite(suite, suite_file, results, report.parent).runs)


def pretend_run(run: Run, results: Path, **changes: Any) -> None:
    """Write the files of one run that was trained and evaluated; `changes` are made to its `run.json`."""
    directory = run.directory(results)
    write_text(directory / "encoder.safetensors", f"{run.id}, 1.0\n")
    write_text(directory / "history.csv", "epoch,train_loss\n1,2.5\n")
    write_json(directory / "resources.json", {"train_seconds": 1.5})
    config = {name: getattr(run, name).model_dump(mode="json") for name in ("dataset", "encoder", "contrast", "train")}
    record = {
        "fingerprint": run.fingerprint, "protocol": PROTOCOL, "status": "done", "reason": None, "seed": run.seed,
        "config": config, "data": {"sha256": IMAGES}, "hashes": {}, "files": describe_files(directory), **changes,
    }  # fmt: skip
    write_json(directory / "run.json", sealed(record))
    metrics = {"evaluation_fingerprint": run.evaluation_fingerprint, "data_sha256": IMAGES, "knn_top1": 80.0}
    write_json(directory / "metrics.json", sealed(metrics))
    write_json(pointer(run, results), {"directory": str(directory.relative_to(results))})


def pretend_tables(suite_file: Path, folder: Path) -> None:
    """Write the tables and the report of what lies in the results."""
    suite, results = load_suite(suite_file), folder / "results"
    directory, report = results / suite.name, folder / "reports" / suite.name
    for path in [
        *(directory / name for name in (*TABLES, *ANALYSIS, *ANALYSIS_IF_KNOWN)),
        *(report / name for name in REPORT),
    ]:
        write_text(path, f"{path.name}\n")
    for name in REPORT_FOLDERS:
        write_text(report / name / "accuracy.csv", "arm\n")
    evidence = plan_suite(suite, suite_file, results, report.parent).evidence
    note_made(collected(directory), evidence, [directory / name for name in TABLES])
    note_made(
        analysed(directory), analysis_basis(directory), [directory / name for name in (*ANALYSIS, *ANALYSIS_IF_KNOWN)]
    )
    note_made(reported(report), report_basis(directory), made_of_report(report))
