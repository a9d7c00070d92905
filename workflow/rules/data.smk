# Images: checked and described once.


rule prepare:
    output:
        mark=touch(here(f"{JOBS}/prepare/{{dataset}}")),
    log:
        here(f"{LOGS}/prepare/{{dataset}}.log"),
    retries: 0  # a missing or damaged data set is still missing a second later
    message:
        "Check the images of {wildcards.dataset}"
    shell:
        job("moco-bench prepare SUITE --dataset {wildcards.dataset}")
        + " && {{ grep '^warning: ' {log:q} >&2 || true; }}"
