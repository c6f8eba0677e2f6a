# `make` lists the targets. A target that needs Python makes .venv and installs the pinned requirements first; it does
# so again only when a requirements file has changed.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install test check types rules generated format docs bench constraints clean reset

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/run-$(shell cat requirements.txt constraints.txt | sha256sum | cut -c1-16)
DEV_STAMP := $(VENV)/dev-$(shell cat requirements.txt requirements-dev.txt constraints.txt | sha256sum | cut -c1-16)
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Arguments for pytest: make test ARGS="tests/unit -x". Without any, everything is run, by several workers side by side:
# phones and switches wait most of the time, so there is one worker more than there are processors (tests/scheduling.py).
ARGS ?=
WORKERS ?= $(shell echo $$(( $$(nproc 2> /dev/null || echo 2) + 1 )))

help: ## list the targets
	@echo "Kazoo for Django. Targets:"
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(RUN_STAMP) ## run the whole system on this machine; Ctrl-C stops it
	@exec $(BIN)/python manage.py up --with-parent

install: $(RUN_STAMP) ## make the virtual environment and install what `make run` needs

test: $(DEV_STAMP) ## run the tests (ARGS="tests/unit -k name" runs some of them)
	@$(BIN)/python -m pytest $(or $(strip $(ARGS)),-n $(WORKERS))

check: $(DEV_STAMP) ## format, lint, types, imports, spelling, documentation and migrations
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j 2 types rules generated
	@echo "All checks passed."

types: $(DEV_STAMP)
	$(BIN)/mypy apps kazoo

rules: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/codespell

generated: $(DEV_STAMP)
	$(BIN)/python -m kazoo.environment --check
	$(BIN)/python manage.py docs --check
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(DEV_STAMP) ## format the code and fix what can be fixed by machine
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(DEV_STAMP) ## write the generated pages of docs/
	$(BIN)/python -m kazoo.environment --write
	$(BIN)/python manage.py docs --write

bench: $(DEV_STAMP) ## run the benchmarks (about ten minutes)
	$(BIN)/python -m benchmarks.esl
	$(BIN)/python -m benchmarks.directory
	$(BIN)/python -m benchmarks.api
	$(BIN)/python -m benchmarks.callflow

constraints: $(DEV_STAMP) ## pin every version that is installed now
	@echo "# Every version there is, direct and indirect, as tested together. Made by: make constraints" > constraints.draft
	@$(PIP) freeze | sort -f >> constraints.draft
	@mv constraints.draft constraints.txt

clean: ## remove caches; the virtual environment and KAZOO_HOME stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage staticfiles
	@find apps kazoo tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

reset: $(RUN_STAMP) ## remove KAZOO_HOME: database, secrets, demo, everything (asks first)
	@$(BIN)/python -m kazoo.embedded.reset

$(VENV)/made:
	@python=""; \
	for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13; do \
	    if command -v $$candidate > /dev/null && \
	       $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
	        python=$$candidate; break; \
	    fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Python 3.11 or newer is needed and was not found. On Debian and Ubuntu: apt-get install python3 python3-venv"; \
	    exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2> /dev/null; then \
	    echo "The venv module of $$python is missing. On Debian and Ubuntu: apt-get install python3-venv"; \
	    exit 1; \
	fi; \
	echo "Making the virtual environment with $$($$python --version)"; \
	$$python -m venv $(VENV)
	@touch $@

$(RUN_STAMP): | $(VENV)/made
	@echo "Installing the requirements (a minute or two the first time)"
	@set -o pipefail; $(PIP) install -r requirements.txt | { grep --line-buffered -v '^Requirement already' || true; }
	@rm -f $(VENV)/run-*
	@touch $@

$(DEV_STAMP): | $(VENV)/made
	@echo "Installing the requirements for development (a minute or two the first time)"
	@set -o pipefail; $(PIP) install -r requirements-dev.txt | { grep --line-buffered -v '^Requirement already' || true; }
	@rm -f $(VENV)/dev-* $(VENV)/run-*
	@touch $@ $(RUN_STAMP)
