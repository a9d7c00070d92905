# From the files of all runs to one table, to effects with their certainty, to the report. Only the page is a
# declared output, for Snakemake's own report; whether it is made is on the plan, which lists `analyse` before it.


rule collect:
    input:
        done("pretrain"),
        done("evaluate"),
        done("floors"),
        done("costs"),
    output:
        mark=touch(here(f"{JOBS}/collect/{ONCE}")),
    log:
        here(f"{LOGS}/collect.log"),
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
        mark=touch(here(f"{JOBS}/analyse/{ONCE}")),
    log:
        here(f"{LOGS}/analyse.log"),
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
            here(f"{REPORTS}/report.html"),
            caption="../report/page.rst",
            category="Report",
            labels={"file": "the whole report"},
        ),
        text=here(f"{REPORTS}/report.md"),
        runs=here(f"{REPORTS}/runs.html"),
        figures=report(
            directory(
                here(f"{REPORTS}/figures")
            ),  # which figures there are depends on the suite and on what has finished
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        tables=report(
            directory(here(f"{REPORTS}/tables")),
            patterns=["{table}.csv"],
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        here(f"{LOGS}/report.log"),
    retries: 0
    params:
        results=RESULTS,
        reports=lambda wildcards, output: Path(output.page).parent,
    message:
        "Write {output.page}"
    shell:
        job("moco-bench report {params.results:q} --out {params.reports:q}", "page")


# All that was made, in one file for the storage that a profile names. Checkpoints stay: they are of runs at work. They are
# left out by their place, not by their name, which an arm or a data set may have.
rule archive:
    input:
        here(f"{REPORTS}/report.md"),  # small enough for Snakemake to compare it by content: a bucket's clock is coarse
    output:
        f"{SUITE.name}.tar.gz",
    log:
        here(f"{LOGS}/archive.log"),
    params:
        results=RESULTS,
        reports=lambda wildcards, input: Path(input[0]).parent,
    message:
        "Store results and report of the suite"
    shell:
        "find {params.results:q} -mindepth 1 -maxdepth 1 ! -name checkpoints ! -name '.lock*' -print0 2> {log:q}"
        " | tar --create --gzip --file={output:q} --null --files-from=- {params.reports:q} >> {log:q} 2>&1"
