# One run: an encoder trained with one arm from one seed. Checkpoints lie in a directory that no rule declares, because
# Snakemake deletes declared outputs before every attempt; a retry or a relaunch goes on from them.


rule pretrain:
    input:
        manifest=rules.prepare.output.manifest,
        paced_by=what_paces,
    output:
        run=f"{RESULTS}/runs/{RUN}/run.json",
        history=f"{RESULTS}/runs/{RUN}/history.csv",
        resources=f"{RESULTS}/runs/{RUN}/resources.json",
        encoder=f"{RESULTS}/runs/{RUN}/encoder.safetensors",
    log:
        f"{LOGS}/pretrain/{RUN}.log",
    conda:
        ENVIRONMENT
    threads: THREADS
    resources:
        gpu=GPUS,
        slots=1,
    params:
        # The one tracked param: Snakemake compares params as a set of values, blind to which is which.
        fingerprint=lambda wildcards: run_of(wildcards).fingerprint,
        suite=suite_argument,
    message:
        "Train {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        "moco-bench pretrain {params.suite:q}"
        " --run {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed} > {log:q} 2>&1"
