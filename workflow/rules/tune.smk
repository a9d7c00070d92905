# Each arm's search, before its runs: candidates are trained on held-out training images, and the best is written down.
# Only suites with `tune` have one. It goes on with the candidates that are there.


rule tune:
    input:
        done("prepare"),
    output:
        mark=touch(here(f"{JOBS}/tune/{ONCE}")),
    log:
        here(f"{LOGS}/tune.log"),
    priority: 2
    threads: THREADS
    resources:
        gpu=GPUS,
    message:
        "Search each arm's settings"
    shell:
        job("moco-bench tune SUITE")
