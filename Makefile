# The verbs of the project; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
FIRMS ?= 10000
ONLY ?=
export PYTHONUTF8 = 1

.DEFAULT_GOAL := help
.PHONY: help install develop demo serve test soak lint bench figures lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/developed: requirements-dev.txt .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

install: .venv/installed  ## make .venv with what the platform needs
develop: .venv/developed  ## make .venv with the tools of the desk as well

demo: .venv/installed  ## start everything, push data, print one firm's report as a bank, stop
	@$(BIN)/creditshare demo

serve: .venv/installed  ## run everything in the foreground until Ctrl-C
	@exec $(BIN)/creditshare serve

test: .venv/developed  ## the whole suite, on real PostgreSQL, Valkey and Celery
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

soak: .venv/developed  ## the long fault and law runs
	@$(BIN)/python -m pytest -m soak

lint: .venv/developed  ## ruff, types, layers, migrations
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/creditshare db check

bench: .venv/developed  ## speed as ratios against limits of the same run; FIRMS=, ONLY=ingest,push,…
	@$(BIN)/python -m bench --firms $(FIRMS) --only "$(ONLY)"

figures: .venv/developed  ## quality figures on real data (CREDITSHARE_REALDATA)
	@$(BIN)/python -m bench.figures

lock:  ## compile the lock files anew (needs uv)
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 requirements.in -o requirements.txt
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean:  ## remove the virtual environment and all data of the embedded servers
	rm -rf .venv var
