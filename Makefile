# What a person types. `make build` and `make test` need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What the tests look at, made as a user makes it.
DEMO := target/demo/built.duckdb
PYTEST = DEMO_DATABASE=$(CURDIR)/$(DEMO) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# An environment with what a lock names: $(call install,FOLDER,LOCK); and $(call install_project,FOLDER) with the project itself.
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-deps
# A lock in two halves at once: pip takes one package after the other.
install = awk '/^[a-z]/ {n++} {print > ("$(1)/lock" n % 2 ".txt")}' $(2) \
	&& { $(call install_half,$(1),0) & first=$$!; $(call install_half,$(1),1) && wait $$first; }
install_half = $(1)/bin/python $(PIP_INSTALL) --no-compile --require-hashes -r $(1)/lock$(2).txt
install_project = $(1)/bin/python $(PIP_INSTALL) --no-build-isolation --editable .

.DEFAULT_GOAL := build
.PHONY: build predict test lint unit-tests demo pytest mutants bench postgres spark targets docs semantic demo-data lock lock-spark clean

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11")'
	@echo "Making the environment in $(VENV) (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(call install,$(VENV),requirements.txt)
	@$(call install_project,$(VENV))
	@touch $(STAMP)

build: $(STAMP) ## the demo: seeds, models, data tests, the prediction, then the headline figures
	@$(BIN)/retention-ledger build

predict: $(STAMP) ## fits the lifetime models on the build again and builds the marts that read them
	@$(BIN)/retention-ledger predict

test: $(STAMP) ## what CI runs: the linters and the demo side by side, then pytest
	@$(MAKE) --no-print-directory --jobs 2 lint demo
	@$(PYTEST)

unit-tests: $(STAMP) ## the unit tests of the models alone
	@$(BIN)/python -m pytest tests/python/test_unit_tests.py

lint: $(STAMP) ## sqlfluff on the SQL, ruff on the Python
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests
	@$(BIN)/python tests/python/lint_sql.py

demo: $(STAMP) ## what pytest looks at, made by the command as a user makes it
	@mkdir -p $(dir $(DEMO))
	@$(BIN)/retention-ledger build --database $(DEMO)

pytest: demo ## unit tests, the oracle, own data, faults, stability
	@$(PYTEST)

mutants: demo ## plants every small mistake of tests/mutants, and writes down who notices it (some 10 minutes)
	@$(BIN)/python tests/python/mutants.py $(DEMO)

postgres: $(STAMP) ## the whole demo on a PostgreSQL server of its own, every relation compared with DuckDB (some 5 minutes)
	@POSTGRES_ONE_IN=1 KILLS=20 $(BIN)/python -m pytest tests/python/test_postgres.py -s

TARGETS_VENV := .venv-targets

$(TARGETS_VENV)/.installed: requirements-targets.txt
	@echo "Making the environment of the other warehouses' adapters in $(TARGETS_VENV) (about a minute, once) ..."
	@$(PYTHON) -m venv $(TARGETS_VENV)
	@$(call install,$(TARGETS_VENV),requirements-targets.txt)
	@touch $@

targets: $(TARGETS_VENV)/.installed ## compiles for Snowflake, BigQuery, Databricks and Redshift, and says what they would refuse (some 2 minutes)
	@$(TARGETS_VENV)/bin/python tests/python/other_targets.py

# Some 400 MB, and Java 17 must be there: an environment of its own, which nothing else needs.
.venv-spark/.installed: requirements.txt requirements-spark.txt pyproject.toml
	@java -version 2> /dev/null || { echo "Spark needs Java 17, and there is no java here."; exit 1; }
	@echo "Making the environment in .venv-spark (some two minutes, once) ..."
	@$(PYTHON) -m venv .venv-spark
	@$(call install,.venv-spark,requirements.txt)
	@$(call install,.venv-spark,requirements-spark.txt)
	@$(call install_project,.venv-spark)
	@touch $@

spark: .venv-spark/.installed ## a part of the demo on a session of Spark, every relation compared with DuckDB (some 10 minutes, not in CI)
	@.venv-spark/bin/python -m pytest tests/python/test_spark.py -s

bench: $(STAMP) ## how long a million customers take, against a yardstick
	@$(BIN)/python -m retention_ledger.bench --write

docs: $(STAMP) ## a page per metric with a search, and dbt's lineage, of the last build: target/docs/index.html
	@$(BIN)/retention-ledger docs

semantic: $(STAMP) ## writes the YAML of the semantic layer from the catalogue of the last build
	@$(BIN)/python -m retention_ledger.semantic warehouse.duckdb

demo-data: $(STAMP) ## writes the demo seeds again
	@$(BIN)/python -m retention_ledger.demo

lock: ## resolves requirements.in and requirements-targets.in again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header --no-annotate --upgrade requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header --no-annotate --upgrade requirements-targets.in -o requirements-targets.txt

lock-spark: ## the same for requirements-spark.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-deps \
		--no-header --no-annotate --upgrade requirements-spark.in -o requirements-spark.txt

clean: ## removes what builds leave behind, but not the environment
	@rm -rf target logs dbt_packages warehouse.duckdb warehouse.duckdb.wal warehouse.duckdb.candidate warehouse_data_docs warehouse_report.html warehouse_export .pytest_cache .hypothesis .ruff_cache
