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

.PHONY: help demo test test-long unit bench profile cover fmt lint lock clean needs

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name what; do \
		printf '%-10s %s\n' "$$name" "$$what"; done


demo: .venv/run.stamp ## the whole line on this machine, with a phone in the browser
	exec $(BIN)/izinhatti demo

needs:
	scripts/test-needs

test: needs .venv/dev.stamp ## everything, on real parts, with fixed seeds; under ten minutes
	$(MAKE) --no-print-directory lint
	$(PYTEST)

test-long: needs .venv/dev.stamp ## the same with the full counts of the campaigns; hours
	$(PYTEST) --long -o faulthandler_timeout=7200

# What decides, understands and renders, without a database server, Asterisk or a browser.
unit: .venv/dev.stamp ## the pure parts alone, without any service; under a minute
	$(PYTEST) tests/core/domain tests/core/brands tests/core/conversation tests/sms/gsm tests/sms/texts tests/sms/reader \
		tests/sms/smpp/test_pdu.py tests/ivr/test_menu.py tests/ivr/test_numerals.py tests/ivr/test_pronounce.py

bench: needs .venv/dev.stamp ## figures side by side; QUICK=1: every part small
	$(BIN)/python -m tests.bench $(if $(QUICK),quick)

profile: .venv/dev.stamp ## the functions in which the loop of an SMS spends its time
	$(BIN)/python -m tests.bench.profile

cover: needs .venv/dev.stamp ## which lines the tests reach, branches too
	$(PYTEST) --cov=core --cov=sms --cov=ivr --cov=channels --cov-branch --cov-report=term-missing:skip-covered

fmt: .venv/dev.stamp ## the code as the checks want it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lint: .venv/dev.stamp ## style, types and floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --group build

lock: .venv/dev.stamp ## lock newer versions of what the project depends on
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
	cd tests/node && npm update --package-lock-only --no-audit --no-fund

clean: ## all that was built and installed
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
