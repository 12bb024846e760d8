# Every target is safe to run again. `make help` lists them.
PORT ?= 8000
DATA ?= data
EXTRAS ?=
PYTHON ?= python3
BIN := .venv/bin
# pip leaves compiling to the first start, so let that start keep what it compiled.
PY := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python

.PHONY: help run install test check format eval bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.core ## install what is missing, load the demo shop, serve API and console (PORT=8000 DATA=data)
	@$(PY) serve.py --port $(PORT) --data $(DATA)

install: ## make .venv with the developer extras (EXTRAS=bench adds the benches' peers)
	@$(PYTHON) scripts/install.py dev $(EXTRAS)

test: .venv/.dev ## run the tests: no network, no GPU
	@$(PY) -m pytest

check: .venv/.dev ## formatting, lint, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/.dev ## format and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

eval: .venv/.core ## run an evaluation (TASK=grounding)
	@$(PY) -m evals run $(or $(TASK),grounding)

bench: .venv/.core ## run the benchmarks
	@$(PY) -m evals bench ingest

clean: ## remove the environment and caches; data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.venv/.core: pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py

.venv/.dev: pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py dev
