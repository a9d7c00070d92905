# One run: an encoder trained with one arm from one seed. The command goes on from the run's checkpoint where there is one,
# takes over a finished run of another suite, and does nothing where all is done.


rule pretrain:
    input:
        before_training,
    output:
        mark=touch(f"{JOBS}/pretrain/{RUN}"),
    log:
        f"{LOGS}/pretrain/{RUN}.log",
    threads: THREADS
    resources:
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: TAKEN.mem_mb(PLAN.by_id[RUN.format(**wildcards)].run, attempt),
        runtime=lambda wildcards, attempt: TAKEN.minutes(PLAN.by_id[RUN.format(**wildcards)].run, attempt),
    params:
        suite=suite_argument,
    message:
        "Train {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        job(f"moco-bench pretrain {{params.suite:q}} --run {RUN_ARGUMENT}")
