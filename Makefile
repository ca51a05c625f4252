# Everything a person or CI does here. Each target works alone on a fresh clone: Python >= 3.11 with venv, and make.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp
# One worker a core, but not one test process more than there are cores: PostgreSQL and the hash pool run beside them.
# "worksteal" leaves the tests of a module together, so that what they share is made once and not by each worker.
TEST_WORKERS ?= auto

# Node runs what is written in TypeScript, and nothing else: `export $(WITH_NODE); cd somewhere; npm ci`.
WITH_NODE = PATH="$$($(BIN)/python -m tests.support.node):$$PATH"

SPA := examples/spa
SPA_SOURCES := $(filter-out %/generated.ts,$(shell find $(SPA)/src $(SPA)/public -type f)) $(addprefix $(SPA)/,index.html vite.config.ts tsconfig.json .env)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_CONFIG := 1
# Where a machine forbids it, each of the tests' processes would compile the whole house and all of its libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup node dev spa front-end pictures test check browser proxy letters lint-api clients fuzz strangers audit sbom released drills proofs words bench openapi docs lock format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## .venv from the hashed lock, with .venv/bin/campus; seconds when nothing changed

$(STAMP): requirements/bootstrap.lock requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python >= 3.11 is needed, this is %d.%d; set PYTHON=" % sys.version_info[:2])'
	@$(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary=:all: -r requirements/bootstrap.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --only-binary :all: requirements/dev.lock requirements/bootstrap.lock
	@# --no-index proves that this step asks no network: hatchling and editables are already there.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-index --no-build-isolation -e .
	@touch $@

node: setup ## Node for the front end and the clients: the machine's, else one from PyPI in .venv; prints where
	@$(BIN)/python -m tests.support.node

dev: setup ## demo districts on SQLite, served at http://127.0.0.1:8000
	@CAMPUS_ENV=dev $(BIN)/python -m app.cli demo
	@CAMPUS_ENV=dev exec $(BIN)/python -m app.cli serve

test: check ## every check and every test, with a real PostgreSQL and a real Valkey that it brings itself
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal

check: setup ## formatting, lint, types, imports between rooms, dependencies, what is written from the code
	@$(BIN)/python -m ruff format --check --quiet .
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache
	@$(BIN)/python -m deptry . 2>/dev/null || $(BIN)/python -m deptry .
	@$(BIN)/python -m app.cli openapi --check
	@$(BIN)/python -m app.documents --check

spa: front-end ## the reference front end at http://127.0.0.1:5173; needs `make dev` beside it
	@export $(WITH_NODE); cd $(SPA); exec npm run --silent preview

front-end: setup $(SPA)/dist/index.html ## build the reference front end, with Node from PyPI where the machine has none

$(SPA)/dist/index.html: $(SPA)/node_modules/.package-lock.json openapi/openapi.json $(SPA_SOURCES)
	@export $(WITH_NODE); cd $(SPA); npm run --silent build

$(SPA)/node_modules/.package-lock.json: $(SPA)/package-lock.json $(SPA)/package.json $(SPA)/.npmrc | setup
	@echo "Installing what the front end is built with ..."
	@export $(WITH_NODE); cd $(SPA); npm ci --silent

pictures: setup front-end ## photograph the front end with the demo's people, for README
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/browser.lock
	@$(BIN)/python -m tests.browser.find_chromium
	@$(BIN)/python -m tests.browser.spa.pictures

browser: setup front-end ## the built-in pages and the front end in a real Chromium, which it installs (Debian, as root) or finds
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/browser.lock
	@$(BIN)/python -m tests.browser.find_chromium
	@$(BIN)/python -m pytest tests/browser -n $(TEST_WORKERS)

proxy: setup ## the nginx of examples/running in front of real servers; it is installed (Debian, as root) or found
	@$(BIN)/python -m tests.proxy.nginx
	@$(BIN)/python -m pytest tests/proxy -n 0

letters: setup ## keys as letters, drawn by Debian's Pango with Debian's fonts, which are installed (as root) or found
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/pdf.lock -r requirements/letters.lock
	@$(BIN)/python -m tests.letters.debian_fonts
	@$(BIN)/python -m pytest tests/letters -n $(TEST_WORKERS)

lint-api: setup ## Spectral (with our own rules) and Redocly over the specification
	@export $(WITH_NODE); npm --prefix tests/clients ci --silent
	@export $(WITH_NODE); npm --prefix tests/clients run --silent spectral
	@export $(WITH_NODE); npm --prefix tests/clients run --silent redocly

clients: setup ## linters over the specification, clients in TypeScript, Kotlin and Swift; one of them drives a live server
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/clients.lock
	@export $(WITH_NODE); npm --prefix tests/clients ci --silent
	@$(BIN)/python -m pytest tests/clients -n 0

fuzz: setup ## requests made up from the specification (EXAMPLES=200 an operation), by strangers, families and the office
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/fuzz.lock
	@$(BIN)/python -m tests.fuzz $(or $(EXAMPLES),200)

strangers: setup ## sqlmap, wapiti, ffuf, slowhttptest, bandit, detect-secrets over a live server and the code; ONLY="sqlmap ffuf"
	@$(BIN)/python -m tests.strangers $(if $(ONLY),--only $(ONLY))

audit: setup ## known weaknesses of the libraries that run (pip-audit, osv.dev); says so where there is no network to ask
	@$(BIN)/python -m tests.strangers --only pip-audit

sbom: setup ## what runs, as CycloneDX (var/campus-accounts.cdx.json); LOCKS="run pdf telemetry" with the extras
	@$(BIN)/python -m app.documents.components var/campus-accounts.cdx.json $(if $(LOCKS),--locks $(LOCKS))

released: setup ## at a release: what clients rely on from now on (openapi/released.txt)
	@$(BIN)/python -m tests.support.surface

drills: setup ## faults while people work: kills, lost databases, full disks, guessers, crowds; ONLY=disk or "disk valkey"
	@$(BIN)/python -m tests.drills $(if $(ONLY),--only $(ONLY))

proofs: setup ## take each protection out of a copy of the tree, and see that its tests notice; ONLY=D3 or "D3 D4"
	@$(BIN)/python -m tests.proofs $(if $(ONLY),--only $(ONLY))

words: setup ## bring the translations up to the code, and say what is left to translate
	@$(BIN)/python -m app.locales

bench: setup ## ratios against limits measured in the same run; ONLY=roster for one section, or "roster mail"
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

openapi: setup ## write openapi/openapi.json
	@$(BIN)/python -m app.cli openapi

docs: setup ## write what documents take from the code: settings, languages, problems, docs/asvs.md, the Postman collection
	@$(BIN)/python -m app.documents

format: setup ## let ruff put the code in order
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

lock: setup ## renew the hashed locks from pyproject.toml and requirements/*.in
	@for name in dev bootstrap; do \
	  inputs=requirements/$$name.in; [ $$name = dev ] && inputs="pyproject.toml --extra otel --extra sentry $$inputs"; \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    $$inputs -o requirements/$$name.lock; done
	@$(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  requirements/node.in -o requirements/node.lock
	@for name in peer-fastapi-users peer-allauth strangers wapiti; do \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    requirements/$$name.in -o requirements/$$name.lock; done
	@for name in clients fuzz; do \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    requirements/$$name.in -c requirements/dev.lock -o requirements/$$name.lock; done
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  requirements/browser.in -c requirements/dev.lock -o requirements/browser.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  pyproject.toml -c requirements/dev.lock -o requirements/run.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  pyproject.toml --extra pdf -c requirements/dev.lock -o requirements/pdf.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  requirements/letters.in -c requirements/dev.lock -c requirements/pdf.lock -o requirements/letters.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  pyproject.toml --extra otel --extra sentry -c requirements/dev.lock -o requirements/telemetry.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) var $(SPA)/node_modules $(SPA)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
