# make report   run every notebook of one scale and build the book: build/html/index.html
#               SCALE=full SEEDS=0,1,2 repeats everything with these seeds (default: the scale's own)
#               FAMILY=all takes every family of experiments; CORES=2 leaves the other cores alone
# make test     lint and test
# Both build the environment first, when requirements.txt or pyproject.toml changed.

SHELL := /bin/bash
# Names of cgnlib.families, as a pattern: checked before there is a Python to ask.
FAMILIES := mnist|scenes9|genint|all
FAMILY ?= mnist
SCALE ?= embedded
SEEDS ?=
VENV ?= .venv
CORES ?= $(shell nproc)
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
CORRUPTIONS := $(VENV)/.corruptions
# Position of the summary, such as 10/10.
LAST := "from cgnlib.report import jobs, seeds; n = jobs.jobs('$(SCALE)', '$(FAMILY)', seeds.parse_seeds('$(SEEDS)'))[0].total; print(f'{n}/{n}')"

.PHONY: report test env check-family clean

report: check-family
	@$(MAKE) --silent --no-print-directory $(STAMP) $(if $(filter genint all,$(FAMILY)),$(CORRUPTIONS))
	@# Bad parameters stop here, before hours of work. After that nothing stops the rest: the summary
	@# and the book are always made, and the worst status is the result. --nolock: after a kill a
	@# lock would stay for ever, and every run has a lock of its own, which the kernel releases.
	@worst=0; note() { s=$$?; [ $$s -le $$worst ] || worst=$$s; }; \
	trap 'echo "interrupted: run make report again to continue" >&2; exit 130' INT TERM; \
	$(PY) -m cgnlib check --scale $(SCALE) --family $(FAMILY) >/dev/null || exit 2; \
	$(PY) -m cgnlib status --scale $(SCALE) --family $(FAMILY) --seeds "$(SEEDS)" >/dev/null || exit 2; \
	$(PY) -m snakemake --snakefile Snakefile \
	    --config scale=$(SCALE) family=$(FAMILY) seeds="$(SEEDS)" --cores $(CORES) --keep-going --rerun-incomplete --rerun-triggers mtime --nolock \
	    --quiet all || note; \
	$(PY) -m cgnlib run summary $(SCALE) -p family $(FAMILY) \
	    --label "$$($(PY) -c $(LAST))" || note; \
	$(PY) -m cgnlib book --scale $(SCALE) --family $(FAMILY) --seeds "$(SEEDS)" || note; \
	exit $$worst

test:
	@$(MAKE) --silent --no-print-directory $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m pytest -n auto --maxprocesses 8 --dist loadfile --cov=cgnlib --cov-report=term

env:
	@$(MAKE) --silent --no-print-directory $(STAMP)

check-family:
	@case "$(FAMILY)" in $(FAMILIES)) ;; *) \
	    echo "error: FAMILY=$(FAMILY) is not available: choose one of $(FAMILIES)" >&2; exit 2;; esac

# The stamp is written last: an interrupted installation is taken up again. A half-made environment
# (no working pip) is made anew.
$(STAMP): requirements.txt pyproject.toml
	@if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	    for python in python3.11 python3 python3.12; do \
	        if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	            2>/dev/null; then found=$$python; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "error: Python 3.11 or 3.12 is needed, as python3.11 or python3" >&2; exit 2; fi; \
	    echo "making $(VENV) with $$found"; $$found -m venv --clear $(VENV) || exit 2; \
	fi
	@echo "installing requirements (once, some minutes)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# For GenInt's table of corruptions. The package asks for an opencv-python that needs libGL, in the
# folder of the headless one: that one is put back.
$(CORRUPTIONS): requirements-corruptions.txt $(STAMP)
	@echo "installing requirements-corruptions.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-corruptions.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
	    "$$(grep '^opencv-python-headless==' requirements.txt)"
	@touch $@

clean:
	rm -rf build .snakemake
