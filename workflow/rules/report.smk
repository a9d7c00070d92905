# From the files of all runs to one table, to effects with their certainty, to the report.


rule collect:
    input:
        runs=of_each_run("run.json"),
        metrics=of_each_run("metrics.json"),
        floors=of_each_dataset("floors") if SUITE.evaluate.floors else [],
    output:
        table=f"{RESULTS}/runs.csv",
        suite=f"{RESULTS}/suite.yaml",
    log:
        f"{LOGS}/collect.log",
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        suite=suite_argument,
    shell:
        "moco-bench collect {params.suite:q} > {log:q} 2>&1"


rule analyse:
    input:
        table=rules.collect.output.table,
        suite=rules.collect.output.suite,
    output:
        effects=f"{RESULTS}/effects.csv",
        claims=f"{RESULTS}/claims.csv",
    log:
        f"{LOGS}/analyse.log",
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        results=lambda wildcards, input: Path(input.table).parent,
    shell:
        "moco-bench analyse {params.results:q} > {log:q} 2>&1"


rule report:
    input:
        table=rules.collect.output.table,
        suite=rules.collect.output.suite,
        effects=rules.analyse.output.effects,
        claims=rules.analyse.output.claims,
    output:
        page=f"{REPORTS}/report.html",
        text=f"{REPORTS}/report.md",
    log:
        f"{LOGS}/report.log",
    conda:
        ENVIRONMENT
    params:
        fingerprint=SUITE_FINGERPRINT,
        results=lambda wildcards, input: Path(input.table).parent,
        reports=lambda wildcards, output: Path(output.page).parent,
    shell:
        "moco-bench report {params.results:q} --out {params.reports:q} > {log:q} 2>&1"
