# Where memory and time of a step go, arm by arm. Throughput can't be read off runs that share the machine, so this job
# takes all of it: every core and every slot. It goes first, while nothing else is ready.

PROFILED = ["profile.json", "time.csv", "memory.csv"] if SUITE.profile is not None else []


rule profile:
    input:
        manifests=of_each_dataset("data"),
    output:
        summary=f"{RESULTS}/profile/profile.json",
        time=f"{RESULTS}/profile/time.csv",
        memory=f"{RESULTS}/profile/memory.csv",
    log:
        f"{LOGS}/profile.log",
    priority: 1
    retries: 0  # it resumes nothing, and the report can be made without it
    conda:
        ENVIRONMENT
    threads: ALL_CORES
    resources:
        gpu=GPUS,
        slots=ALL_SLOTS,
    params:
        fingerprint=profile_fingerprint(SUITE),
        suite=suite_argument,
    message:
        "Profile all arms"
    shell:
        "moco-bench profile {params.suite:q} > {log:q} 2>&1"


# What equal compute is measured by. Only suites with such a budget have runs that ask for it.
rule costs:
    input:
        manifests=of_each_dataset("data"),
    output:
        costs=f"{RESULTS}/costs.json",
    log:
        f"{LOGS}/costs.log",
    priority: 2
    conda:
        ENVIRONMENT
    threads: ALL_CORES
    resources:
        gpu=GPUS,
        slots=ALL_SLOTS,
    params:
        fingerprint=costs_fingerprint(SUITE),
        suite=suite_argument,
    message:
        "Measure what a step of each arm costs"
    shell:
        "moco-bench profile {params.suite:q} --costs > {log:q} 2>&1"
