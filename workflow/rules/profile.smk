# Where memory and time of a step go, arm by arm. Throughput can't be read off runs that share the machine, so such a job
# takes all of its cores. It goes first, while nothing else is ready.


rule profile:
    input:
        done("prepare"),
    output:
        mark=touch(here(f"{JOBS}/profile/{ONCE}")),
    log:
        here(f"{LOGS}/profile.log"),
    priority: 1
    retries: 0  # it resumes nothing, and the report can be made without it
    threads: ALL_CORES
    resources:
        gpu=GPUS,
    message:
        "Profile all arms"
    shell:
        job("moco-bench profile SUITE")


# What equal compute is measured by. Only suites with such a budget have runs that ask for it.
rule costs:
    input:
        done("prepare"),
    output:
        mark=touch(here(f"{JOBS}/costs/{ONCE}")),
    log:
        here(f"{LOGS}/costs.log"),
    priority: 2
    threads: ALL_CORES
    resources:
        gpu=GPUS,
    message:
        "Measure what a step of each arm costs"
    shell:
        job("moco-bench profile SUITE --costs")
