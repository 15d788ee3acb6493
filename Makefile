# Two commands for a newcomer: `make run` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test peers test-peers lint types arrow coverage mutants bench clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rookery needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; run `make PYTHON=python3.11 ...`")'
	@echo "Setting up $(VENV), once: a minute or two, mostly downloads ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -c constraints.txt -e . --group dev
	@touch $(READY)

run: $(READY)  ## see it live: three platforms, one bridge bot, a part broken every few seconds
	@$(BIN)/rookery demo

test: $(READY) lint types arrow  ## everything that must hold: lint, types, arrow, tests; more than ten minutes
	$(BIN)/python -m pytest -q

peers: $(READY)  ## install the real counterparts of some tests: Chromium, Erlang (by apt), .venv-peers, .venv-synapse
	sh tests/otp/setup.sh
	PYTHON=$(PYTHON) bash tests/peers/setup.sh

test-peers: $(READY)  ## only the tests against them; `make test` runs these, too, where they are installed
	$(BIN)/python -m pytest -q -m peer

lint: $(READY)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

arrow: $(READY)  ## rookery -> platforms -> supervision -> actors
	$(BIN)/lint-imports

coverage: $(READY)  ## tests with a coverage report
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

mutants: $(READY)  ## break the supervision core on purpose, half an hour long
	$(BIN)/python -m tests.mutation

bench: $(READY)  ## speed, as ratios to a floor measured in the same run
	$(BIN)/python -m benchmarks

clean:  ## forget the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
