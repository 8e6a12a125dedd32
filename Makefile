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
.PHONY: help env env-dev env-bench env-engines build test golden parity lint format reference bench report docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# Each lock is installed once: the stamp is newer than the lock as long as nothing changed.
$(VENV)/bin/python:
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

# Tests on Postgres and Spark are skipped, with the reason, where these are not installed.
# A file's tests stay together: they share builds, and those of the engines share servers.
test: env-dev ## everything that proves the project: lint, unit, data and integration tests
	$(MAKE) lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder --durations 10

golden: env ## the figures of every mart against those kept in tests/golden (ACCEPT=1 writes them)
	$(BIN)/python tests/golden/run.py $(if $(ACCEPT),--accept)

parity: env-engines ## the same data on DuckDB, Postgres and Spark, every mart compared value by value
	$(BIN)/python tests/parity/run.py $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

# The templater asks for the columns of the source: one account is enough.
lint: export CUSTOMER_HEALTH_WORK = $(CURDIR)/target/lint/work.duckdb
lint: env-dev ## sqlfluff and ruff
	$(BIN)/customer-health demo --accounts 1 --out target/lint/raw
	$(BIN)/customer-health load target/lint/raw
	$(BIN)/sqlfluff lint --processes 2 models analyses tests/singular
	$(BIN)/ruff check customer_health tests benchmarks
	$(BIN)/ruff format --check customer_health tests benchmarks

format: env-dev ## let ruff format the Python files
	$(BIN)/ruff format customer_health tests benchmarks
	$(BIN)/ruff check --fix customer_health tests benchmarks

reference: env-bench ## published figures beside those computed (needs ../shared/reference)
	$(BIN)/python tests/reference/check_reference.py

bench: env-bench ## 10k, 1M and 10M accounts beside hand-written SQL, polars and pandas
	$(BIN)/python benchmarks/run.py

report: env ## the static site anew from the published file
	$(BIN)/customer-health report

docs: env ## docs/marts.md, entities.md and example_queries.md, and dbt's page target/static_index.html
	$(BIN)/python -m customer_health.documentation
	$(BIN)/dbt docs generate --static

clean: ## remove what was built (not the data)
	rm -rf target logs warehouse site deliverables
