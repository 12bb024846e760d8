# Every target is safe to run again. `make help` lists them.
PORT ?= 8000
DATA ?= data
EXTRAS ?=
PYTHON ?= python3
BIN := .venv/bin
# Whichever build of vLLM is there will do, until another is asked for.
VLLM := $(if $(CUDA),cuda,$(if $(wildcard .venv-vllm/.cuda),cuda,cpu))
# 25 minutes, where the machine has the command.
LIMIT := $(shell command -v timeout >/dev/null && echo timeout -k 10 1500)
# The tests whose data lie in a database.
STORED := $(addprefix tests/,access api cli database events identity loop profile privacy/test_vault.py retrieval/test_store.py \
	sdk/test_clients.py test_acting.py test_exporting.py test_ingest.py test_merging.py test_pipeline.py test_planning.py \
	test_replay.py test_reporting.py llm/test_usage.py llm/test_kept_answers.py llm/test_served.py assistant/test_agent.py)
# Walks of the graph without a database.
STORED += --deselect tests/identity/test_graph_machine.py
# pip leaves compiling to the first start, so let that start keep what it compiled.
PY := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python

.PHONY: help run install test test-postgres check format eval bench vllm tiny-model test-vllm clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.core ## install what is missing, load the demo shop, serve API and console (PORT=8000 DATA=data)
	@$(PY) serve.py --port $(PORT) --data $(DATA)

install: ## make .venv with the developer extras (EXTRAS=bench adds the benches' peers, gpu takes faiss-gpu for faiss-cpu)
	@$(PYTHON) scripts/install.py dev $(EXTRAS)

test: .venv/.dev ## run the tests: no network, no GPU
	@$(PY) -m pytest

test-postgres: .venv/.dev ## run the tests of everything stored on a private PostgreSQL server: no skips
	@$(PY) scripts/postgres.py $(PY) -m pytest $(STORED)

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
	@$(PY) -m evals bench ingest identity narrative profile ltv retrieval

vllm: .venv-vllm/.$(VLLM) ## make .venv-vllm with vLLM for CPUs (CUDA=1: vllm itself, for a GPU)

tiny-model: .models/tiny/understory.json ## make the tiny random model that the vLLM tests serve

test-vllm: .venv/.dev vllm tiny-model ## run the tests against a real vLLM server: minutes, no GPU, no skips
	@$(LIMIT) $(PY) -m pytest -n 0 -v -s tests/vllm

clean: ## remove the environments, the tiny model and caches; data stays
	rm -rf .venv .venv-vllm .models .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.venv/.core: pyproject.toml scripts/install.py scripts/environment.py
	@$(PYTHON) scripts/install.py

.venv/.dev: pyproject.toml scripts/install.py scripts/environment.py
	@$(PYTHON) scripts/install.py dev

.venv-vllm/.cpu .venv-vllm/.cuda: scripts/install_vllm.py scripts/environment.py
	@$(PYTHON) scripts/install_vllm.py $(filter cuda,$(VLLM))

.models/tiny/understory.json: evals/train/architecture.py evals/train/tiny.py | vllm
	@.venv-vllm/bin/python -m evals.train.tiny .models/tiny
