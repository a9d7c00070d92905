# What an encoder is worth, and what raw pixels and an untrained encoder are worth on the same images.


rule evaluate:
    input:
        manifest=rules.prepare.output.manifest,
        run=rules.pretrain.output.run,
        encoder=rules.pretrain.output.encoder,
    output:
        metrics=f"{RESULTS}/runs/{RUN}/metrics.json",
    log:
        f"{LOGS}/evaluate/{RUN}.log",
    conda:
        ENVIRONMENT
    threads: THREADS
    resources:
        gpu=GPUS,
        slots=1,
    params:
        fingerprint=lambda wildcards: run_of(wildcards).evaluation_fingerprint,
        suite=suite_argument,
    message:
        "Evaluate {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        "moco-bench evaluate {params.suite:q}"
        " --run {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed} > {log:q} 2>&1"


rule floors:
    input:
        manifest=rules.prepare.output.manifest,
    output:
        floors=f"{RESULTS}/floors/{{dataset}}.json",
    log:
        f"{LOGS}/floors/{{dataset}}.log",
    conda:
        ENVIRONMENT
    threads: THREADS
    resources:
        gpu=GPUS,
        slots=1,
    params:
        fingerprint=floors_fingerprint,
        suite=suite_argument,
    message:
        "Evaluate raw pixels and untrained encoders on {wildcards.dataset}"
    shell:
        "moco-bench evaluate {params.suite:q} --floors {wildcards.dataset} > {log:q} 2>&1"
