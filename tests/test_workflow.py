"""What the Snakefile adds to Snakemake."""

from dataclasses import dataclass, field

import pytest

from moco_bench.workflow import retry_no_bad_input


@dataclass
class Job:
    """As much of Snakemake's as is asked for."""

    output: list[str]
    attempt: int = 1
    restart_times: int = 2


@dataclass
class Scheduler:
    """It tries a job again as long as it may."""

    tried_again: list[str] = field(default_factory=list)

    def _handle_error(self, job: Job, postprocess_job: bool = True) -> None:
        if job.restart_times > job.attempt - 1:
            self.tried_again.append(job.output[0])


@pytest.mark.parametrize(("refused", "attempt", "again"), [(True, 1, 0), (True, 2, 0), (False, 1, 1), (False, 3, 0)])
def test_bad_input_is_not_tried_again_and_anything_else_is(tmp_path, refused, attempt, again):
    scheduler, mark = Scheduler(), str(tmp_path / "mark")
    if refused:
        (tmp_path / "mark.refused").touch()

    retry_no_bad_input(scheduler)
    scheduler._handle_error(Job([mark], attempt), postprocess_job=False)

    assert len(scheduler.tried_again) == again


def test_a_snakemake_that_works_otherwise_is_left_alone():
    retry_no_bad_input(object())


def test_a_job_without_output_is_any_job():
    scheduler = Scheduler()
    retry_no_bad_input(scheduler)
    scheduler._handle_error(Job([], attempt=3))
