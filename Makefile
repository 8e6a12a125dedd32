# What CI runs is what a contributor runs. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export DBT_PROFILES_DIR ?= $(CURDIR)

# Where to build: duckdb, postgres or spark; the latter two need a server (docs/engines.md).
TARGET ?= duckdb

.DEFAULT_GOAL := help
.PHONY: help env env-dev env-bench env-engines build test suite golden parity v2 lint lint-changed bouncer format reference bench smoke report docs clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Each lock is installed once: the stamp is newer than the lock as long as nothing changed.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is not there, or older than 3.11; name one with PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/%.stamp: requirements/%.lock | $(VENV)/bin/python
	$(PIP) install --no-deps --require-hashes -r $<
	touch $@

$(VENV)/package.stamp: pyproject.toml $(VENV)/run.stamp
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

env: $(VENV)/package.stamp $(if $(filter-out duckdb,$(TARGET)),$(VENV)/$(TARGET).stamp) ## the environment for building on TARGET, from the hashed lock
env-dev: env $(VENV)/dev.stamp
env-bench: env $(VENV)/bench.stamp
env-engines: env $(VENV)/postgres.stamp $(VENV)/spark.stamp

build: env ## demo data if there is none, load, dbt build, publish, site, deliverables, summary (TARGET=duckdb|postgres|spark)
	$(BIN)/customer-health build --target $(TARGET)

test: lint suite ## everything that proves the project: lint, unit, data and integration tests

# Tests on Postgres and Spark are skipped, with the reason, where these are not installed.
# A file's tests stay together: they share builds, and those of the engines share servers.
suite: env-dev ## the tests without lint (TESTS='-m engines' or files: only these)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder --durations 10 $(TESTS)

golden: env ## the figures of every mart against those kept in tests/golden (ACCEPT=1 writes them)
	$(BIN)/python tests/golden/run.py $(if $(ACCEPT),--accept)

parity: env-engines ## the same data on DuckDB, Postgres and Spark, every mart compared value by value
	$(BIN)/python tests/parity/run.py $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

# Tools that bring versions of their own, each in an environment of its own.
$(VENV)-%/lock.stamp: requirements/%.lock
	$(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r $<
	touch $@

v2: env-dev $(VENV)-v2/lock.stamp ## the demo built by dbt v2 (an alpha) too: the same figures as in tests/golden
	$(BIN)/python -m tests.v2.run --dbt $(VENV)-v2/bin/dbt

# The templater asks for the columns of the source: one account is enough.
LINT := target/lint
lint lint-changed bouncer: export CUSTOMER_HEALTH_WORK = $(CURDIR)/$(LINT)/work.duckdb
$(LINT)/raw.stamp: $(wildcard customer_health/demo/*.py) | env-dev
	$(BIN)/customer-health demo --accounts 1 --out $(LINT)/raw
	$(BIN)/customer-health load $(LINT)/raw
	touch $@

lint: $(LINT)/raw.stamp bouncer ## sqlfluff, dbt-bouncer, ruff and mypy over everything
	$(BIN)/python -m tests.lint.sql
	$(MAKE) lint-python

lint-changed: $(LINT)/raw.stamp ## the same, but sqlfluff only over what differs from the main branch
	$(BIN)/python -m tests.lint.sql --changed
	$(MAKE) lint-python

.PHONY: lint-python
lint-python: env-dev
	$(BIN)/ruff check customer_health tests benchmarks
	$(BIN)/ruff format --check customer_health tests benchmarks
	$(BIN)/mypy

# The parse is that of sqlfluff's templater, which is why it names the profile and the target.
bouncer: env-dev $(VENV)-bouncer/lock.stamp ## the rules over dbt's manifest: contracts, descriptions, tests, doors
	$(BIN)/dbt --quiet parse --profile customer_health --target duckdb --target-path $(LINT) --log-path $(LINT)
	$(VENV)-bouncer/bin/dbt-bouncer run
	$(BIN)/python -m tests.lint.manifest

format: env-dev ## let ruff format the Python files
	$(BIN)/ruff format customer_health tests benchmarks
	$(BIN)/ruff check --fix customer_health tests benchmarks

reference: env-bench ## published figures beside those computed (needs ../shared/reference)
	$(BIN)/python tests/reference/check_reference.py

bench: env-bench ## 10k, 1M and 10M accounts (or ACCOUNTS=...) beside hand-written SQL, polars and pandas
	$(BIN)/python benchmarks/run.py $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(REPEATS),--repeats $(REPEATS))

# What no test runs, at its smallest size.
smoke: build env-dev env-bench ## the other targets at their smallest size, so that none breaks unseen
	$(MAKE) bench ACCOUNTS=1000 REPEATS=1
	$(BIN)/python benchmarks/customer_success.py --customers 100
	$(MAKE) report
	$(MAKE) docs
	$(MAKE) lint-changed
	$(MAKE) format
	git diff --exit-code docs customer_health tests benchmarks

report: env ## the static site anew from the published file
	$(BIN)/customer-health report

docs: env ## docs/marts.md, entities.md and example_queries.md, and dbt's page target/static_index.html
	$(BIN)/python -m customer_health.documentation
	$(BIN)/dbt docs generate --static

clean: ## remove what was built (not the data)
	rm -rf target logs warehouse site deliverables
