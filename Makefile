# Two commands on a fresh machine: `make demo` and `make test`. Everything else is for those who build Comptoir.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PORT ?= 8080

.PHONY: demo test lint format bench understanding month sweep pins clean

demo: $(VENV)/.ready
	$(BIN)/comptoir demo --port $(PORT)

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -n 5 --dist loadfile $(ARGS)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.ready-dev
	$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.understanding

# How well messages are understood, and how fast in shops of 100 to 1,000,000 products; ARGS=--failures lists what was not.
understanding: $(VENV)/.ready-dev
	$(BIN)/python -m tests.bench.understanding $(ARGS)

# A month of a small shop on X under a virtual clock: what it costs, by the shop's ledger and by X's bill.
month: $(VENV)/.ready-dev
	$(BIN)/python -m tests.simulation.month_on_x $(ARGS)

# The guarantees in their long form, some hours on two cores; each writes its part of tests/reports, which README quotes.
sweep: $(VENV)/.ready-dev
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.controls
	$(BIN)/python -m tests.power --jobs 2
	$(BIN)/python -m tests.drop --seeds 20 --jobs 2
	$(BIN)/python -m tests.fuzz --messages 1000000 --seed 1 --jobs 2
	$(BIN)/python -m tests.fuzz.hearing --messages 5000000 --jobs 2
	$(BIN)/python -m tests.simulation --seeds 200 --steps 5000 --jobs 2
	$(BIN)/python -m tests.sweep

# The pins are made anew by hand, with uv on the path; neither file names an index.
pins:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header pyproject.toml build.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --extra dev -c requirements.txt pyproject.toml build.in -o requirements-dev.txt

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.ready-dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
