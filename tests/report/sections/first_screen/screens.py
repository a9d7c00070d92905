"""The first screen of invented results."""

from moco_bench.report.model.links import Links
from moco_bench.report.read.results import load_results
from moco_bench.report.sections.first_screen.summary import summarise as summarised


def summarise(results):
    return summarised(results, Links(results.directory, results.directory / "report"))


def summary(tmp_path, synthetic, seeds=8, gains=None, spread=0.2, **options):
    values = synthetic.suite_values(seeds, **options.pop("values", {}))
    return summarise(load_results(synthetic.write_results(tmp_path, values, gains=gains, spread=spread, **options)))
