# Two commands are enough: `make report` runs a suite and ends with the path of its report, `make test` runs the tests.
# Both set up .venv first. Needed beforehand: Python 3.11 or newer with venv, make, and a package index.

SUITE ?= config/quickstart.yaml
CORES ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
WORKERS ?= $(shell expr $(CORES) + 2)
VENV ?= .venv
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$name" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done)
PYTEST_FLAGS ?=
SNAKEMAKE_FLAGS ?=

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# One thread a process, so that tests and runs side by side don't fight for cores; a run sets its own number.
export OMP_NUM_THREADS ?= 1

# Two workers more than cores: tests of whole systems wait much of their time. Files in the order of tests/conftest.py.
PARALLEL := -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup report plan status reports unit test check format bench soak docs site clean clean-results

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/\1|\2/' \
		| while IFS='|' read -r name text; do printf '  %-20s %s\n' "make $$name" "$$text"; done
	@echo
	@echo "  SUITE=$(SUITE)  CORES=$(CORES)  VENV=$(VENV)  may be given behind any of them"

setup: $(INSTALLED) ## Set up the virtual environment and install the package

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer with venv found; name one with PYTHON=..." >&2; exit 2; }
	"$(PYTHON)" -m venv "$(VENV)"

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV): a few minutes the first time, most of them PyTorch"
	$(PIP) install --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml $(INSTALLED)
	$(PIP) install --editable '.[dev]'
	@touch $@

plan: $(INSTALLED) ## List the runs of SUITE and why each would run
	@$(BIN)/moco-bench plan "$(SUITE)"

status: $(INSTALLED) ## Show how far SUITE is
	@$(BIN)/moco-bench status "$(SUITE)"

report: $(INSTALLED) ## Run SUITE and print the path of its report
	@BIN="$(BIN)" sh workflow/report.sh "$(SUITE)" --cores $(CORES) $(SNAKEMAKE_FLAGS)

reports: $(INSTALLED) ## Make tables and pages of the stored runs again (docs/results)
	@set -e; for runs in docs/results/*/runs; do here=$${runs%/runs}; \
		$(BIN)/moco-bench collect "$$here/suite.yaml" --results docs/results; \
		$(BIN)/moco-bench analyse "$$here" >/dev/null; \
		$(BIN)/moco-bench report "$$here" --out "$$here/report"; done
	@$(BIN)/python -m tools.study_page docs/results.md docs/results/study.svg

# First what may run side by side, then what measures the machine; the second also runs where the first failed.
test: $(INSTALLED_DEV) ## Run all tests
	@$(BIN)/python -m pytest -m "not soak and not alone" $(PARALLEL) $(PYTEST_FLAGS); first=$$?; \
		$(BIN)/python -m pytest -m "alone and not soak" $(PYTEST_FLAGS) && exit $$first

unit: $(INSTALLED_DEV) ## Run the tests of single layers, as many at a time as there are cores
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL) $(PYTEST_FLAGS)

check: $(INSTALLED_DEV) ## Check style, types, layers and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python tools/lint_workflow.py

format: $(INSTALLED_DEV) ## Format the code and the workflow
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

bench: $(INSTALLED_DEV) ## Time the hot paths, and say what changed against the stored times
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest benchmarks/parts --benchmark-only --benchmark-json=.benchmarks/latest.json $(PYTEST_FLAGS)
	@$(BIN)/python -m benchmarks.parts.change

soak: $(INSTALLED_DEV) ## Kill runs 200 times, try 5,000 broken inputs, and print the figures (20 minutes)
	$(BIN)/python -m pytest -m soak -s $(PYTEST_FLAGS)

site: $(INSTALLED) ## Build the documentation site in build/site; any dead link is an error
	@$(BIN)/python -c 'import material' 2>/dev/null || $(PIP) install --editable '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo build/site/index.html

docs: $(INSTALLED) ## Make again what is generated from the code
	$(BIN)/python -m tools.suite_schema workflow/schemas/suite.schema.json
	$(BIN)/python -m tools.reference_tables config/README.md

clean: ## Remove the environment and caches; results stay
	rm -rf "$(VENV)" .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks .coverage *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-results: ## Remove results, reports and logs that are not committed
	git clean -fdXq results reports
	rm -rf logs .snakemake
