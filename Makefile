# Needs Python 3.11 or newer and make, nothing else. The work is done in scripts/environment.py: it keeps .venv as pinned.
#   make run PORT=8001 DATA_DIR=/tmp/other     a second Textor beside the first
#   make run PYTHON=python3.13                 with a Python of your choice

WITH = sh scripts/with-python
ARGS ?=
SECONDS ?= 1800
EXAMPLES ?= 100

.PHONY: help run test check bench bench-queue bench-api chaos fuzz lock engine-table
.DEFAULT_GOAL := help

help:
	@echo 'make run      install what is needed and start Textor on http://127.0.0.1:8000'
	@echo 'make test     run the test suite (ARGS="-k upload" chooses)'
	@echo 'make check    formatting, lint, types, floors, templates'
	@echo 'make bench    measure: every tests/bench/*.py'
	@echo 'make bench-queue  what the queue can take, beside a plain RQ worker (ARGS=--quick: less)'
	@echo 'make bench-api    how fast the JSON API reads at 10,000 and 100,000 recordings (ARGS="--rows 1000": less)'
	@echo 'make chaos    faults for half an hour, SQLite and PostgreSQL by turns (SECONDS=600 ARGS="--seed 7")'
	@echo 'make fuzz     try what the OpenAPI document says, at length (EXAMPLES=300: inputs of each call)'
	@echo 'make engine-table  write docs/engines.md anew from what the engines declare'
	@echo 'make lock     write requirements.txt anew from pyproject.toml'

run:
	@exec $(WITH) runtime python -m textor.supervisor

test:
	@exec $(WITH) dev python -m pytest -n 2 --cov $(ARGS)

check:
	@exec $(WITH) dev sh scripts/check.sh

bench:
	@for file in tests/bench/[a-z]*.py; do $(WITH) dev python -m tests.bench.$$(basename $$file .py) || exit 1; done

chaos:
	@exec $(WITH) dev python -m tests.chaos --seconds $(SECONDS) $(ARGS)

fuzz:
	@FUZZ_EXAMPLES=$(EXAMPLES) exec $(WITH) dev python -m pytest tests/api/test_schemathesis.py $(ARGS)

bench-queue:
	@exec $(WITH) dev python -m tests.bench.queues $(ARGS)

bench-api:
	@exec $(WITH) dev python -m tests.bench.api $(ARGS)

lock:
	@exec $(WITH) dev python scripts/lock.py

engine-table:
	@exec $(WITH) dev python -m scripts.engine_table
