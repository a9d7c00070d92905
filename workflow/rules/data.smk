# Images: checked and described once. Their hash is not known while the graph is built, so it lies in a manifest,
# and the manifest is an input of every run.


rule prepare:
    input:
        own_file,
    output:
        manifest=f"{RESULTS}/data/{{dataset}}.json",
    log:
        f"{LOGS}/prepare/{{dataset}}.log",
    retries: 0  # a missing or damaged data set is still missing a second later
    conda:
        ENVIRONMENT
    params:
        fingerprint=request_fingerprint,
        suite=suite_argument,
    message:
        "Check the images of {wildcards.dataset}"
    shell:
        "moco-bench prepare {params.suite:q} --dataset {wildcards.dataset} > {log:q} 2>&1"
