# The workflow of one suite: images -> encoders -> metrics -> one table -> effects -> report.
#
#     snakemake --cores 2                                            runs config/quickstart.yaml
#     snakemake --cores 2 --configfile config/cifar10-cpu.yaml       runs another suite
#     snakemake --cores 2 --dry-run                                  lists what would run
#
# All logic lives in the package, also what has to be done (`moco-bench plan`); a rule says what a command takes.
from snakemake.utils import min_version

min_version("9.17")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/profile.smk"
include: "workflow/rules/report.smk"


onstart:
    begin()


onsuccess:
    end()


onerror:
    end()


localrules:
    all,
    prepare,
    metrics,
    collect,
    analyse,
    report,
    archive,


rule all:
    default_target: True
    input:
        REPORTED if PART is None else done("pretrain") + done("evaluate"),
        rules.archive.output if STORED and PART is None else [],
        # Snakemake takes a report that is there as made, whatever is missing behind it.
        done("analyse"),
        # What nothing else may wait for.
        done("prepare"),
        done("profile"),
    message:
        "The suite is complete"
