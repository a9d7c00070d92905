# From the files of all runs to one table, to effects with their certainty, to the report. Only the page is a
# declared output, for Snakemake's own report; whether it is made is on the plan, which lists `analyse` before it.


rule collect:
    input:
        done("pretrain"),
        done("evaluate"),
        done("floors"),
        done("costs"),
    output:
        mark=touch(f"{JOBS}/collect/{ONCE}"),
    log:
        f"{LOGS}/collect.log",
    retries: 0
    message:
        f"Gather all runs in {RESULTS}/runs.csv"
    shell:
        job("moco-bench collect SUITE --complete")


rule analyse:
    input:
        done("collect"),
        done("profile"),  # the claim about memory is judged on it
    output:
        mark=touch(f"{JOBS}/analyse/{ONCE}"),
    log:
        f"{LOGS}/analyse.log",
    retries: 0
    params:
        results=RESULTS,
    message:
        "Compute effects and claims"
    shell:
        job("moco-bench analyse {params.results:q}")


rule report:
    input:
        done("analyse"),
    output:
        page=report(
            f"{REPORTS}/report.html",
            caption="../report/page.rst",
            category="Report",
            labels={"file": "the whole report"},
        ),
        text=f"{REPORTS}/report.md",
        runs=f"{REPORTS}/runs.html",
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
    params:
        results=RESULTS,
        reports=lambda wildcards, output: Path(output.page).parent,
    message:
        "Write {output.page}"
    shell:
        job("moco-bench report {params.results:q} --out {params.reports:q}", "page")
