# Everything paydesk is worked on with. Needs python3 (3.11 or newer, with its venv module) and make; the rest is
# installed into .venv from the locks in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := $(VENV)/clients
ARGS ?=
TYPED := src tests $(wildcard bench)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help dev test test-muted test-clients check bench wheel format lock migration permissions picture clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  Arguments go through: make dev ARGS="--port 8123", make test ARGS="-k money -x"'

dev: $(VENV)/.run ## Start the API and the Stripe sandbox with a demo organization
	@exec $(BIN)/paydesk dev $(ARGS)

test: $(VENV)/.test ## Run every test, on SQLite and on a real PostgreSQL
	@exec $(BIN)/python -m pytest $(ARGS)

test-muted: $(VENV)/.test ## Make one type after the other do nothing, and demand that the tests that watch it fail
	@exec $(BIN)/python -m tests.muting $(ARGS)

test-clients: $(VENV)/.browser $(CLIENTS)/.installed tests/node/node_modules/.installed ## Run what needs Node, Chromium or generators: software that others wrote, against ours
	@exec $(BIN)/python -m pytest -n 0 tests/clients $(ARGS)

check: $(VENV)/.test ## Format, lint, types and the architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/python -m pytest -q -n 0 tests/test_rooms.py

bench: $(VENV)/.test ## Measure speed against the limits of this machine
	@exec $(BIN)/python -m bench $(ARGS)

wheel: $(VENV)/.run ## Build what `pip install` takes, and the source archive, into dist
	@mkdir -p dist
	@$(BIN)/python -c 'from flit_core import buildapi; [print("dist/" + build("dist")) for build in (buildapi.build_wheel, buildapi.build_sdist)]'

format: $(VENV)/.test ## Lay the code out and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.test ## Write requirements/*.txt anew from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(LOCK) --upgrade --group build --output-file requirements/run.txt pyproject.toml
	$(LOCK) --upgrade --group test --constraint requirements/run.txt --output-file requirements/test.txt
	$(LOCK) --upgrade --group browser --constraint requirements/test.txt --output-file requirements/browser.txt
	$(LOCK) --upgrade --group clients --output-file requirements/clients.txt

migration: $(VENV)/.test ## Write a migration from changed declarations: ARGS="what it does"
	$(BIN)/python -m paydesk.store.revise $(ARGS)

permissions: $(VENV)/.test ## Print anew which kind of client may do what, for review
	$(BIN)/python -m tests.oauth.test_permissions

picture: $(VENV)/.test ## Draw docs/payments-show.svg anew, of a real run
	$(BIN)/python -m tests.picture

clean: ## Remove the virtual environment and what the tools left behind
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis build dist
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# The stamps hold what was installed last, so that a second `make dev` starts at once.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "paydesk needs Python 3.11 or newer; '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' has no venv module. Install it (Debian, Ubuntu: apt install python3-venv) and try again." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what paydesk runs with into $(VENV): a minute or so, this once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib src || true # makes the first start fast, also where Python may write none
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/test.txt
	@$(BIN)/python -m compileall -q $(VENV)/lib || true
	@touch $@

# The driver alone: the browser is the system's.
$(VENV)/.browser: requirements/browser.txt $(VENV)/.test
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "test-clients needs Chromium (Debian, Ubuntu: apt install chromium)." >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/browser.txt
	@touch $@

# Generators of clients want other releases of what paydesk stands on.
$(CLIENTS)/.installed: requirements/clients.txt | $(BIN)/python
	$(BIN)/python -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/clients.txt
	@touch $@

tests/node/node_modules/.installed: tests/node/package-lock.json
	@command -v npm >/dev/null || { echo "test-clients needs Node and npm (Debian, Ubuntu: apt install nodejs npm)." >&2; exit 1; }
	npm ci --prefix tests/node --silent
	@touch $@
