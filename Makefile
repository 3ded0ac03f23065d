# Two commands matter: `make run` and `make test`. `make help` lists the rest.
# Needs git, make and Python 3.11 to 3.13; everything else comes as wheels into .venv.

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help run demo test check bench bench-graph bench-quality lock pictures clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

run: $(VENV)/.run ## start Pare here: http://127.0.0.1:8000 (another port: make run PORT=8001)
	@exec $(BIN)/python manage.py up --port $(PORT)

demo: $(VENV)/.run ## start Pare with a team to look at: this repository indexed, a month of usage; prints the log-in
	@exec $(BIN)/python manage.py up --port $(PORT) --demo

test: $(VENV)/.dev ## the whole suite, on real PostgreSQL, Valkey, Celery and (when found) Chromium
	$(BIN)/python -m pytest

check: $(VENV)/.dev ## lint, types, import rules, templates
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet accounts billing config repos usage

bench: $(VENV)/.dev ## speed and size of the engine, and of the way in for usage events, as ratios
	$(BIN)/python -m bench
	$(BIN)/python -m bench.ingest

test bench-quality: export PARE_EVAL ?= ../shared/eval
bench-quality: $(VENV)/.dev ## quality of slices on the dev set in PARE_EVAL: tables, choice without a repository, ablation
	$(BIN)/python -m bench.quality
	$(BIN)/python -m bench.quality loro
	$(BIN)/python -m bench.quality ablation

bench-graph: $(VENV)/.dev ## truth of the graph's edges against jedi, running tests and scip-typescript (PyPI and npm)
	$(BIN)/python -m bench.graph

pictures: $(VENV)/.dev ## the pictures in docs/, taken from a running demonstration
	$(BIN)/python -m tests.pictures

lock: $(VENV)/.dev ## resolve pyproject.toml again into the two lock files
	$(PIP) install "uv>=0.9,<1"
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --upgrade --quiet --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --upgrade --quiet --output-file requirements-dev.lock

clean: ## remove .venv and caches; the data in .pare stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if command -v $$python >/dev/null && $$python -c '$(FITS)' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Pare needs Python 3.11, 3.12 or 3.13, and found none. Name one: make run PYTHON=/path/to/python3.12"; exit 1; \
	fi; \
	$$found -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "$$found cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; \
	}

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Installing what Pare runs on, once: $$(grep -c == $<) packages, silent for one to three minutes."
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what the tests need, once: $$(grep -c == $<) packages, silent for one to three minutes."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run
