# Two commands set everything up: `make demo` and `make test`.
# They need Python >= 3.11, make and a package registry.

VENV := .venv
BIN  := $(VENV)/bin
ARGS ?=

# The first of these that is new enough; name another with `make PYTHON=/path/to/python test`.
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14

# uv is quick; pip knows the company's mirror where only pip was told about it.
INSTALL = install() { \
	$(BIN)/uv pip install --quiet --python $(BIN)/python "$$@" || $(BIN)/pip install --quiet "$$@"; \
	}; install

COMPILE = $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	--python-version 3.11 --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" $(ARGS)

# Without its bytecode every command would compile its libraries anew: 4 s instead of 0.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint types layers coverage bench lock clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) \
		| awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

demo: $(VENV)/.run ## see a programme run, from pilot to a number
	@$(BIN)/pilotage demo --again $(ARGS)
	@echo "(without an activated .venv, the command is $(BIN)/pilotage)"

test: $(VENV)/.dev ## run every test (ARGS="-k ledger" picks some)
	@$(BIN)/pytest -n auto $(ARGS)

check: lint types layers test ## all that a change must pass

lint: $(VENV)/.dev ## style, layout, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell

types: $(VENV)/.dev ## types, strict
	@$(BIN)/pyright --warnings

layers: $(VENV)/.dev ## the floor plan: who may import whom
	@$(BIN)/lint-imports

coverage: $(VENV)/.dev ## which branches no test walks
	@$(BIN)/pytest -n auto --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: $(VENV)/.dev ## measure the project, each figure beside its limit
	@$(BIN)/python -m pilotage.bench $(ARGS)

lock: $(VENV)/.uv ## pin every package anew (ARGS=--upgrade takes newer ones)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) pyproject.toml requirements/build.in --extra postgres -o requirements/run.txt
	$(COMPILE) pyproject.toml requirements/build.in --extra postgres --group dev \
		-c requirements/run.txt -o requirements/dev.txt

clean: ## remove what set-up and tools wrote
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache \
		.import_linter_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# Set-up: each file says what .venv holds, and is older than the lock it must follow.

$(VENV)/.uv: requirements/uv.txt
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		python=; \
	done; \
	if test -z "$$python"; then \
		echo "Pilotage needs Python 3.11 or newer; none of these is: $(PYTHON)"; \
		echo "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv)"; \
		echo "or name one: make PYTHON=/path/to/python3.11 test"; exit 1; \
	fi >&2; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make virtual environments: its module venv or ensurepip is missing."; \
		echo "Install it (Debian, Ubuntu: apt-get install python3-venv), then run make again."; exit 1; \
	fi >&2; \
	echo "Setting up $(VENV) with $$($$python --version)"; \
	test -x $(BIN)/pip || $$python -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.txt pyproject.toml
	@echo "Installing what Pilotage runs on"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements/dev.txt pyproject.toml
	@echo "Installing what Pilotage is built and tested with"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run
