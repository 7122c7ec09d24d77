# Runs notebooks; nothing else. `make report` calls it; for a cluster add `--executor slurm` and a
# larger `--cores`/`--jobs`:
#
#   snakemake --config scale=paper --cores 2 --keep-going --rerun-incomplete --rerun-triggers mtime
#
# A rule's output is a stamp, not the published `done`: Snakemake deletes outputs before a rule
# starts and when it fails, and an earlier good result must survive both. `python -m cgnlib run`
# decides what counts as finished and publishes it.

import os
import sys
from pathlib import Path

from cgnlib.report import jobs

SCALE = config.get("scale", "embedded")
FAMILY = config.get("family", "mnist")
JOBS = jobs.jobs(SCALE, FAMILY)
jobs.prune_stamps(SCALE, FAMILY)  # a result that was deleted or failed since is made again

# What a notebook's numbers or pages depend on; the command line, the book's builder and the planner
# are not among it.
APART = {"__main__", "book", "checklist", "checklist_items", "compare", "compare_text", "contents",
         "costs", "discrepancies", "evidence", "execution", "hyperparameters", "jobs",
         "markdown", "plan", "publication", "request", "sources", "summary", "variations"}
SOURCES = sorted(str(path) for path in Path("cgnlib").rglob("*.py") if path.stem not in APART)
TABLES = sorted(str(path) for path in Path("params").glob("*.yaml")
                if path.stem not in ("costs", "discrepancies"))


def stamp(job):
    return os.path.relpath(jobs.stamp(job.scale, job.dataset, job.notebook))


rule all:
    localrule: True
    input:
        [stamp(job) for job in JOBS],


for job in JOBS:

    rule:
        name:
            f"{job.notebook}_{job.dataset}"
        input:
            f"book/{job.notebook}.ipynb",
            f"params/{job.params}.yaml",
            SOURCES,
            TABLES,
            # Not `ancient`: with it Snakemake 9 forgets this job when the needed one is made again.
            [os.path.relpath(jobs.stamp(job.scale, job.dataset, job.needs))] if job.needs else [],
        output:
            touch(stamp(job)),
        params:
            command=[sys.executable, "-m", "cgnlib", "run", job.notebook, job.params,
                     "--label", job.label],
        threads: job.threads
        priority: job.total - job.position
        shell:
            "{params.command:q}"
