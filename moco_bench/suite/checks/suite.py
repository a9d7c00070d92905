"""Checks of a whole suite for combinations that can't work, before anything starts.

Types and ranges of single keys are the business of `suite/config/`, rules between the keys of a section that of
`sections.py`. What only the images themselves can tell (sizes of a user's own data set) is checked again when they are
loaded.
"""

from collections.abc import Iterator
from dataclasses import replace

from moco_bench.errors import InputError
from moco_bench.suite.checks.comparisons import check_claims, check_comparisons, check_labels
from moco_bench.suite.checks.sections import check_contrast, check_dataset, check_train, check_warmup
from moco_bench.suite.checks.size_warnings import size_warnings
from moco_bench.suite.factorial import factorial_of
from moco_bench.suite.identity.sameness import what_trains
from moco_bench.suite.on_disk.checkpoint_file import hash_of_checkpoint
from moco_bench.suite.runs import Run, expand, resolve_arm
from moco_bench.suite.suite import Suite
from moco_bench.suite.tune import check_tune

MOST_RUNS = 100_000
"""Most runs of a suite: more would take years to run and gigabytes to list."""


def check_suite(suite: Suite) -> None:
    """Refuse a suite that can't run or can't mean what it says. Raises `InputError`, one line."""
    _check_size(suite)
    _check_names(suite)
    check_labels(suite)
    for dataset in suite.datasets:
        check_dataset(dataset)
    _check_arms(suite)
    _check_budgets(suite)
    _check_checkpoints(suite)
    for dataset in suite.datasets:
        size = dataset.labelled_images
        if size is not None and suite.evaluate.knn_k > size:
            raise InputError(
                f"evaluate.knn_k: {suite.evaluate.knn_k} neighbours, but {dataset.title} has {size} training images; "
                f"at most {size}"
            )
    for run in {run.place: run for run in expand(suite)}.values():
        _check_run(suite, run)
    _check_that_arms_differ(suite)
    check_comparisons(suite)
    check_claims(suite)
    check_tune(suite)


def _check_run(suite: Suite, run: Run) -> None:
    """Check a run's settings; a mistake that all arms share is reported for the suite, not for the first arm."""
    where = f"arms.{run.arm}."
    try:
        _check_settings(run, where)
    except InputError as error:
        message = str(error).removeprefix(where)
        for encoder in suite.encoders:
            try:
                _check_settings(replace(run, encoder=encoder, contrast=suite.contrast, train=suite.train), where)
                _check_warmup_of_all(suite, run, where)
            except InputError as of_all:
                if str(of_all).removeprefix(where) == message:
                    raise InputError(message) from None
        raise


def _check_warmup_of_all(suite: Suite, run: Run, where: str) -> None:
    """The suite's warm-up with the arm's rule: the suite itself mostly has no rule that a warm-up could outlast."""
    size = run.dataset.training_images
    if size is not None:
        contrast = suite.contrast.model_copy(update={"negatives": run.contrast.negatives})
        check_warmup(contrast, suite.train, size, where.removesuffix("."))


def _check_settings(run: Run, where: str) -> None:
    size, place = run.dataset.training_images, where.removesuffix(".")
    check_contrast(run.contrast, run.train, run.encoder, place)
    check_train(run.train, size, place)
    if size is not None:
        check_warmup(run.contrast, run.train, size, place)


def warnings(suite: Suite) -> Iterator[str]:
    """Warnings about settings that run but may not mean what the author intends, one line each; some come twice."""
    for run in expand(suite):
        if run.contrast.loss.swaps_views:
            yield (
                f"arm {run.arm}: `{run.contrast.loss.title()}` encodes twice as many images per step, so at equal "
                "epochs it has about twice the compute of the other arms"
            )
    for dataset in suite.datasets:
        size = dataset.training_images
        if size is not None:
            for warning in size_warnings(suite, dataset.title, size):
                yield f"data set {dataset.title}: {warning}"
    _, no_factorial = factorial_of(suite)
    if no_factorial:
        yield f"arms: {no_factorial}"
    if len(suite.seeds) < 6:
        yield (
            f"seeds: {len(suite.seeds)}; the exact sign-flip test needs 6 seeds for p < 0.05, more after correction "
            f"(smallest p here: {2 / 2 ** len(suite.seeds):.3g})"
        )


def _check_size(suite: Suite) -> None:
    seeds = len(suite.seeds) * len(suite.budgets) + len(suite.repeat_seeds)
    count = len(suite.datasets) * len(suite.encoders) * len(suite.arms) * seeds
    if count > MOST_RUNS:
        raise InputError(
            f"{count:,} runs: {len(suite.datasets)} data sets x {len(suite.encoders)} encoders x "
            f"{len(suite.arms)} arms x {seeds} seeds; a suite has at most {MOST_RUNS:,}"
        )


def _check_names(suite: Suite) -> None:
    for what, names in (
        ("datasets", [d.title for d in suite.datasets]),
        ("encoders", [e.title for e in suite.encoders]),
        ("arms", list(suite.arms)),
    ):
        folded = [name.casefold() for name in names]
        for index, name in enumerate(folded):
            if name in folded[:index]:
                raise InputError(
                    f"{what}: duplicate name {names[index]!r} (upper and lower case count as one); give one a `label`"
                )
    twice = [seed for place, seed in enumerate(suite.seeds) if seed in suite.seeds[:place]]
    if twice:
        raise InputError(f"seeds: duplicate seed {twice[0]}; to run one again list it under `repeat_seeds`")
    for seed in suite.repeat_seeds:
        if seed not in suite.seeds:
            raise InputError(f"repeat_seeds: {seed} is not one of the suite's seeds")
    if len(set(suite.repeat_seeds)) < len(suite.repeat_seeds):
        raise InputError("repeat_seeds: duplicate seed; each is repeated once")


def _check_arms(suite: Suite) -> None:
    if suite.baseline not in suite.arms:
        if "baseline" in suite.model_fields_set:
            raise InputError(f"baseline: {suite.baseline!r} is not an arm; arms are {', '.join(suite.arms)}")
        if len(suite.arms) > 1:
            raise InputError(
                f"baseline: no arm is called 'vanilla'; say which of {', '.join(suite.arms)} is the baseline"
            )
    for name, (treatment, control) in suite.contrasts.items():
        for arm in (treatment, control):
            if arm not in suite.arms:
                raise InputError(f"contrasts.{name}: {arm!r} is not an arm; arms are {', '.join(suite.arms)}")
        if treatment == control:
            raise InputError(f"contrasts.{name}: compares {treatment!r} with itself")


def _check_checkpoints(suite: Suite) -> None:
    """Check arms that aren't trained: their files exist, and nothing asks for their training."""
    for encoder in suite.encoders:
        given = {arm: resolve_arm(suite, encoder, arm)[0].checkpoint for arm in suite.arms}
        for arm, file in given.items():
            if file is None:
                continue
            changed = [name for name in ("contrast", "train") if getattr(suite.arms[arm], name)]
            if changed:
                raise InputError(f"arms.{arm}.{changed[0]}: has no effect, the arm's encoder was trained elsewhere")
            if len(suite.budgets) > 1:
                raise InputError(f"budgets: arm {arm} isn't trained here, so nothing can be equal; leave `budgets` out")
            for seed in suite.seeds if file.by_seed else suite.seeds[:1]:
                try:
                    hash_of_checkpoint(file.of_seed(seed))
                except InputError as error:
                    raise InputError(f"arms.{arm}.{error}") from None
        if given.get(suite.baseline) is not None and None in given.values():
            raise InputError(f"baseline: {suite.baseline} isn't trained here; choose an arm that is")


def _check_that_arms_differ(suite: Suite) -> None:
    """Refuse arms or encoders that train the same run: a comparison would be of a run with itself."""
    several = len(suite.encoders) > 1
    trained = {
        (encoder.title, arm): what_trains(*resolve_arm(suite, encoder, arm))
        for encoder in suite.encoders
        for arm in suite.arms
    }
    for encoder in suite.encoders:
        unchanged = what_trains(encoder, suite.contrast, suite.train)
        here = f" with encoder {encoder.title}" if several else ""
        for arm in suite.arms:
            if arm != suite.baseline and len(suite.arms) > 1 and trained[encoder.title, arm] == unchanged:
                raise InputError(
                    f"arms.{arm}: changes nothing{here}; only the baseline {suite.baseline!r} may change nothing"
                )
    first: dict[str, tuple[str, str]] = {}
    for (title, arm), sections in trained.items():
        other, twin = first.setdefault(sections, (title, arm))
        if (other, twin) == (title, arm):
            continue
        if twin == arm:
            raise InputError(f"encoders.{title}: identical to encoder {other} under arm {arm}; encoders must differ")
        here, there = (f" with encoder {title}", f" with encoder {other}") if several else ("", "")
        raise InputError(f"arms.{arm}: the same run{here} as arm {twin!r}{there}; to measure noise use `repeat_seeds`")


def _check_budgets(suite: Suite) -> None:
    if len(set(suite.budgets)) < len(suite.budgets):
        raise InputError("budgets: duplicate entry; give each once")
    if "epochs" not in suite.budgets:
        raise InputError("budgets: `epochs` is always one of them; equal seconds or FLOPs are measured against it")
    if len(suite.budgets) > 1 and len(suite.arms) < 2:
        raise InputError("budgets: needs at least two arms; leave `budgets` out")
    if len(suite.budgets) > 1 and suite.train.stop_after_epochs is not None:
        raise InputError("train.stop_after_epochs: runs at equal compute have whole schedules; leave `budgets` out")
