# Two commands set up everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

EXAMPLES ?= 100
# Each test process starts a PostgreSQL of its own.
TEST_PROCESSES ?= 2

.PHONY: install run test check contract lint-openapi chart chart-files image sbom audit bench lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install -q --require-hashes -r requirements-dev.txt
	$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)-chart/.installed: requirements-chart.txt
	test -x $(VENV)-chart/bin/python || $(PYTHON) -m venv --without-pip $(VENV)-chart
	$(PYTHON) -m pip --python $(VENV)-chart/bin/python --disable-pip-version-check install -q --require-hashes -r requirements-chart.txt
	touch $@

# What is shipped is what was tested: the shorter list takes its versions from the longer one.
lock:
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-dev.txt
	uv pip compile --group chart --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-chart.txt
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements-dev.txt -o requirements.txt

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

# The image's description and the chart: linted, rendered, and held to Kubernetes' schemas.
chart: $(VENV)-chart/.installed
	$(VENV)-chart/bin/hadolint Dockerfile
	$(VENV)-chart/bin/python tests/chart/check.py

# What the chart carries with it, after rules, dashboards or values have changed.
chart-files: install
	cp prometheus/rules.yml helm/files/rules.yml
	cp grafana/dashboards/*.json helm/files/dashboards/
	$(BIN)/python -m tests.chart.schema

# Follow the Dockerfile where no container engine runs, and start every role from it; as root.
image: install
	$(BIN)/python -m tests.image

# The OpenAPI document held to rules; needs Node, and `npm ci --prefix tests/contract/lint` once.
lint-openapi: install
	$(BIN)/python -m tests.contract.lint

# Everything that is installed, as CycloneDX.
sbom: install
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible --validate --of JSON -o sbom.cdx.json

# Known vulnerabilities of what is locked; it asks a service on the internet, and fails where that cannot be asked about each.
audit: install
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.txt --progress-spinner off

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-chart
