# What an encoder is worth, and what raw pixels and an untrained encoder are worth on the same images.


rule evaluate:
    input:
        before_evaluation,
    output:
        mark=touch(f"{JOBS}/evaluate/{RUN}"),
        metrics=update(f"{RESULTS}/runs/{RUN}/metrics.json"),  # a name to ask for one run by; the command replaces the file
    log:
        f"{LOGS}/evaluate/{RUN}.log",
    threads: THREADS
    resources:
        gpu=GPUS,
    params:
        suite=suite_argument,
    message:
        "Evaluate {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        job(f"moco-bench evaluate {{params.suite:q}} --run {RUN_ARGUMENT}")


rule floors:
    input:
        lambda wildcards: done("prepare", wildcards.dataset),
    output:
        mark=touch(f"{JOBS}/floors/{{dataset}}"),
    log:
        f"{LOGS}/floors/{{dataset}}.log",
    threads: THREADS
    resources:
        gpu=GPUS,
    params:
        suite=suite_argument,
    message:
        "Evaluate raw pixels and untrained encoders on {wildcards.dataset}"
    shell:
        job("moco-bench evaluate {params.suite:q} --floors {wildcards.dataset}")
