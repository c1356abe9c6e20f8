SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := test

PYTHON ?= python3
SEED := 3338
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# More processes than the smallest machine has cores: much of the time is waiting, for calls, locks and clocks.
PYTEST := $(BIN)/pytest --randomly-seed=$(SEED) --numprocesses=3 --dist=loadfile --no-loadscope-reorder

.PHONY: demo test test-long bench lint lock clean needs

demo: .venv/run.stamp
	exec $(BIN)/izinhatti demo

needs:
	scripts/test-needs

test: needs .venv/dev.stamp
	$(MAKE) --no-print-directory lint
	$(PYTEST)

test-long: needs .venv/dev.stamp
	$(PYTEST) --long -o faulthandler_timeout=7200

bench: .venv/dev.stamp
	$(BIN)/python -m tests.bench

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --group build

lock: .venv/dev.stamp
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	cd tests/node && npm update --package-lock-only --no-audit --no-fund

clean:
	rm -rf .venv build dist tests/node/node_modules .mypy_cache .pytest_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say what the environment was last built from, so that a second call does nothing.
.venv/run.stamp: requirements.lock pyproject.toml
	scripts/venv-needs $(PYTHON)
	$(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(PIP) install --require-hashes -r requirements-dev.lock
	touch $@
