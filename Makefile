# Every command sets up .venv by itself; nothing but CPython >= 3.11, make and pip is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_ARGS ?=
TESTS ?=
# Databases of the tests bring each commit to the disk. A disk in memory, where there is room,
# does that for nothing; TMPDIR=/tmp make test uses the other one.
ROOM_KB := $(shell df -Pk /dev/shm 2>/dev/null | awk 'END { print $$4 + 0 }')
TMPDIR ?= $(if $(shell test $(ROOM_KB) -gt 2000000 && test -w /dev/shm && echo yes),/dev/shm,/tmp)
# Compiled once: the tests start many processes of ours.
test check: export PYTHONDONTWRITEBYTECODE :=
test check: export TMPDIR := $(TMPDIR)
SEEDS ?= 10
GOLDEN_ARGS ?=
BENCH_ARGS ?=

.PHONY: help demo test check soak bench bench-peers bench-growth bench-databases docs wheel portable golden format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the main job on real data (DEMO_ARGS=--json for one JSON document)"
	@echo "make test    everything that must hold"
	@echo "make check   the fast part of it, for each commit"
	@echo "make soak    the long variants of the fault tests (SEEDS=10), a line per kind"
	@echo "make bench   measure, one JSON line per figure"
	@echo "make bench-peers   beside PouchDB and Kinto (BENCH_ARGS=--help)"
	@echo "make bench-growth  with a thousand to a million bags (BENCH_ARGS=--help)"
	@echo "make bench-databases  SQLite and PostgreSQL, by one process and by two"
	@echo "make docs    write the generated references again"
	@echo "make wheel   build dist/permille-….whl, to install on laptops and servers"
	@echo "make portable  build dist/permille-…/, which runs on laptops without Python"
	@echo "make golden  freeze a new schema version in fixtures/wire"

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet -c constraints.txt -e '.[dev]' >&2
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m demo $(DEMO_ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 -m "not slow" tests/unit $(TESTS)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
ifdef TESTS
	$(BIN)/pytest -n 2 --dist worksteal $(TESTS)
else
# Coverage is measured without the slow tests: seasons and faults run most of the same code
# again, and measuring makes them slower.
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow" --cov --cov-report=
	$(BIN)/coverage report
	$(BIN)/pytest -n 2 --dist worksteal -m slow
endif

soak: $(READY)
	@$(BIN)/python -m tests.soak --seeds $(SEEDS)

bench: $(READY)
	@$(BIN)/python -m benchmarks

bench-peers: $(READY)
	@$(BIN)/python -m benchmarks.peers $(BENCH_ARGS)

bench-growth: $(READY)
	@$(BIN)/python -m benchmarks.growth $(BENCH_ARGS)

bench-databases: $(READY)
	@$(BIN)/python -m benchmarks.databases $(BENCH_ARGS)

docs: $(READY)
	$(BIN)/python docs/generate.py

wheel: $(READY)
	@rm -rf dist
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	@ls dist/*.whl

portable: $(READY)
	@$(BIN)/python -m portable

golden: $(READY)
	@$(BIN)/python -m tests.golden $(GOLDEN_ARGS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo-run dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
