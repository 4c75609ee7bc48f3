# Both `make demo` and `make test` do all their own set-up on a fresh machine with Python >= 3.11.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONWARNINGS =

.PHONY: setup demo test check format

setup: .venv/.done

.venv/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[camera,sim,train,vision,dev]"
	touch $@

demo: setup
	$(BIN)/python -m featherfall.cli demo

test: setup
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
