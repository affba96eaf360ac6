# Two commands set up everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

EXAMPLES ?= 100
# Each test process starts a PostgreSQL of its own.
TEST_PROCESSES ?= 2

.PHONY: install run test check contract bench lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install -q --require-hashes -r requirements-dev.txt
	$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	touch $@

lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements.txt
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-dev.txt

run: install
	$(BIN)/simedsos up --demo

test: install
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadscope

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/migrations tests/architecture

# The whole OpenAPI, tried by generated requests against a service of its own.
contract: install
	$(BIN)/python -m tests.contract --examples $(EXAMPLES)

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV)
