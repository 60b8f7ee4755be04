# Everything that is done with the project, from a clean clone with Python 3.11 or newer and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed
SUPPLY := .venv/.supply
WORKERS ?= 2

.PHONY: help setup demo serve check format test test-long bench pins sbom clean

help:
	@echo "make setup      everything into .venv; the others do that first"
	@echo "make demo       an evening with two people and three devices, on a scratch ledger"
	@echo "make serve      the service on this machine: API and projector"
	@echo "make check      lint, types, layers, dead code"
	@echo "make format     what ruff can mend by itself"
	@echo "make test       the whole suite, a real PostgreSQL included"
	@echo "make test-long  kills, fuzzing, thousands of random lives"
	@echo "make bench      the tables of speed; QUICK=1 for a short one"
	@echo "make pins       requirements.txt anew from constraints.txt, with hashes"
	@echo "make sbom       a bill of materials of what the service installs, sbom.cdx.json"
	@echo "make clean      away with .venv and what tools keep"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	for client in trakt.py pytrakt; do $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --no-warn-conflicts --constraint constraints.txt --upgrade \
		--target .venv/clients/$$client $$client || exit 1; done # both call themselves trakt
	touch $@

demo: setup
	$(BIN)/watchledger demo

serve: setup
	$(BIN)/watchledger serve

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test: setup
	$(BIN)/pytest -n $(WORKERS) -m "not long"

test-long: setup
	$(BIN)/pytest -n $(WORKERS) -m long

bench: setup
	$(BIN)/python -m tests.benchmarks $(if $(QUICK),--quick)

# What the service installs and what builds it, by version and hash, for every platform.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --constraint constraints.txt

pins: $(SUPPLY)
	$(COMPILE) --output-file requirements.txt pyproject.toml
	echo hatchling | $(COMPILE) --output-file packaging/build-requirements.txt -

sbom: $(SUPPLY)
	$(PYTHON) -m venv --clear --without-pip .venv/service
	$(BIN)/python -m pip --python .venv/service/bin/python install --quiet \
		--disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-file sbom.cdx.json .venv/service

$(SUPPLY): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[supply]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache sbom.cdx.json
