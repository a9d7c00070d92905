# What an encoder is worth, and what raw pixels and an untrained encoder are worth on the same images.


# A run that was trained before and has to be evaluated (again); one that is trained is evaluated by the same job.
rule evaluate:
    input:
        lambda wildcards: images_ready(wildcards.dataset),
    output:
        mark=touch(here(f"{JOBS}/evaluate/{RUN}")),
    log:
        here(f"{LOGS}/evaluate/{RUN}.log"),
    threads: THREADS
    resources:
        **ASKED,
        gpu=min(GPUS, 1),
    message:
        "Evaluate {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        job(f"moco-bench evaluate SUITE --run {RUN_ARGUMENT}")


# A name to ask for one run by.
rule metrics:
    input:
        lambda wildcards: run_done(RUN.format(**wildcards)),
    output:
        update(here(f"{RESULTS}/runs/{RUN}/metrics.json")),
    log:
        here(f"{LOGS}/metrics/{RUN}.log"),
    message:
        "{output} is there"
    shell:
        "test -f {output:q}"


rule floors:
    input:
        lambda wildcards: done("prepare", wildcards.dataset),
    output:
        mark=touch(here(f"{JOBS}/floors/{{dataset}}")),
    log:
        here(f"{LOGS}/floors/{{dataset}}.log"),
    threads: THREADS
    resources:
        gpu=min(GPUS, 1),
    message:
        "Evaluate raw pixels and untrained encoders on {wildcards.dataset}"
    shell:
        job("moco-bench evaluate SUITE --floors {wildcards.dataset}")
