# One run: an encoder trained with one arm from one seed, and evaluated, in one job. The command goes on from the run's
# checkpoint where there is one, takes over a finished run of another suite, and does nothing where all is done.


rule pretrain:
    input:
        before_training,
    output:
        mark=touch(here(f"{JOBS}/pretrain/{RUN}")),
    log:
        here(f"{LOGS}/pretrain/{RUN}.log"),
    threads: THREADS
    resources:
        **ASKED,
        gpu=GPUS,
    message:
        "Train {wildcards.dataset}/{wildcards.encoder}/{wildcards.arm}/{wildcards.seed}"
    shell:
        job(f"moco-bench pretrain SUITE --run {RUN_ARGUMENT}")
