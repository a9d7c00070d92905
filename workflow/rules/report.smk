# From the files of all runs to one table, to effects with their certainty, to the report.


rule collect:
    input:  # history.csv and resources.json come with run.json, from one job
        runs=of_each_run("run.json"),
        metrics=of_each_run("metrics.json"),
        floors=of_each_dataset("floors") if SUITE.evaluate.floors else [],
        costs=[f"{RESULTS}/costs.json"] if SUITE.budgets != ("epochs",) else [],
    output:
        table=f"{RESULTS}/runs.csv",
        suite=f"{RESULTS}/suite.yaml",
    log:
        f"{LOGS}/collect.log",
    retries: 0
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        suite=suite_argument,
    message:
        "Gather all runs in {output.table}"
    shell:
        "moco-bench collect {params.suite:q} > {log:q} 2>&1"


rule analyse:
    input:
        table=rules.collect.output.table,
        suite=rules.collect.output.suite,
        profile=[f"{RESULTS}/profile/{name}" for name in PROFILED],  # the claim about memory is judged on it
    output:
        effects=f"{RESULTS}/effects.csv",
        claims=f"{RESULTS}/claims.csv",
    log:
        f"{LOGS}/analyse.log",
    retries: 0
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        results=lambda wildcards, input: Path(input.table).parent,
    message:
        "Compute effects and claims"
    shell:
        "moco-bench analyse {params.results:q} > {log:q} 2>&1"


rule report:
    input:
        table=rules.collect.output.table,
        suite=rules.collect.output.suite,
        effects=rules.analyse.output.effects,
        claims=rules.analyse.output.claims,
        profile=[f"{RESULTS}/profile/{name}" for name in PROFILED],
    output:
        page=report(
            f"{REPORTS}/report.html",
            caption="../report/page.rst",
            category="Report",
            labels={"file": "the whole report"},
        ),
        text=f"{REPORTS}/report.md",
        figures=report(
            directory(f"{REPORTS}/figures"),  # which figures there are depends on the suite and on what has finished
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        tables=report(
            directory(f"{REPORTS}/tables"),
            patterns=["{table}.csv"],
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        f"{LOGS}/report.log",
    retries: 0
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        results=lambda wildcards, input: Path(input.table).parent,
        reports=lambda wildcards, output: Path(output.page).parent,
    message:
        "Write {output.page}"
    shell:
        "moco-bench report {params.results:q} --out {params.reports:q} > {log:q} 2>&1"
