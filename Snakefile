# Runs notebooks; nothing else. `make report` calls it; for a cluster add `--executor slurm` and a
# larger `--cores`/`--jobs`:
#
#   snakemake --config scale=paper --cores 2 --keep-going --rerun-incomplete --rerun-triggers mtime
#
# `--config seeds=0,1,2` repeats every notebook with other seeds (default: the scale's own). One rule
# is one notebook with one dataset and one seed.
#
# A rule's output is a stamp, not the published `done`: Snakemake deletes outputs before a rule
# starts and when it fails, and an earlier good result must survive both. `python -m cgnlib run`
# decides what counts as finished and publishes it.

import os
import sys
from pathlib import Path

from cgnlib.report import jobs, states
from cgnlib.report.seeds import parse_seeds

SCALE = config.get("scale", "embedded")
FAMILY = config.get("family", "mnist")
SEEDS = parse_seeds(config.get("seeds"))
JOBS = jobs.jobs(SCALE, FAMILY, SEEDS)
states.prune_stamps(SCALE, FAMILY, SEEDS)  # what was deleted or failed since is made again

# What a notebook's numbers or pages depend on; the command line, the book's builder and the planner
# are not among it.
APART = {"__main__", "arguments", "book", "checklist", "checklist_data", "checklist_items",
         "compare", "compare_text", "contents", "costs", "discrepancies", "evidence", "execution",
         "families",
         "hyperparameters", "jobs", "markdown", "plan", "publication", "request", "seeds",
         "sources", "states", "summary", "variations", "work_item", "workload",
         "workload_genint_mnist", "workload_genint_scenes9", "workload_imagenet"}
SOURCES = sorted(str(path) for path in Path("cgnlib").rglob("*.py") if path.stem not in APART)
TABLES = sorted(str(path) for path in Path("params").glob("*.yaml")
                if path.stem not in ("costs", "discrepancies"))


rule all:
    localrule: True
    input:
        [os.path.relpath(job.stamp) for job in JOBS],


for job in JOBS:

    rule:
        name:
            job.name
        input:
            f"book/{job.notebook}.ipynb",
            [os.path.relpath(path) for path in job.parameter_files],
            SOURCES,
            TABLES,
            # Not `ancient`: with it Snakemake 9 forgets this job when the needed one is made again.
            [os.path.relpath(job.needed)] if job.needed else [],
        output:
            touch(os.path.relpath(job.stamp)),
        params:
            command=[sys.executable, "-m", "cgnlib", *job.words],
        threads: job.threads
        priority: job.total - job.position
        shell:
            "{params.command:q}"
