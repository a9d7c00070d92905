# The workflow of one suite: images -> encoders -> metrics -> one table -> effects -> report.
#
#     snakemake --cores 2                                            runs config/quickstart.yaml
#     snakemake --cores 2 --configfile config/cifar10-cpu.yaml       runs another suite
#     snakemake --cores 2 --dry-run                                  lists what would run, and why
#
# All logic lives in the package; a rule says what a command needs, what it makes and when it must run again.
from snakemake.utils import min_version

min_version("9.10")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/profile.smk"
include: "workflow/rules/report.smk"


onstart:
    hold_suite()


onsuccess:
    LOCK.release()


onerror:
    LOCK.release()


localrules:
    all,
    prepare,
    collect,
    analyse,
    report,


rule all:
    default_target: True
    input:
        rules.report.output,
        rules.collect.input,  # or a run that is missing behind a finished report would go unnoticed
    message:
        "The suite is complete"
