# The verbs that people and CI share. The first two need only Python 3.11 or later with venv, and a package index.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ASSETS := src/upshot/web/static/dist/.built
CLIENTS := tests/clients/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench bench-toy calibrate docs wheel-tour shots lock clean

help: ## what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements/dev.lock pyproject.toml hatch_build.py frontend/package-lock.json
	@scripts/python-is-new-enough $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
	@touch $(ASSETS) # the editable install has just built them

$(ASSETS): $(STAMP) $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)
	$(BIN)/python hatch_build.py
	@touch $@

$(CLIENTS): $(STAMP) tests/clients/package-lock.json
	$(BIN)/python scripts/clients.py

demo: $(ASSETS) ## open the demonstration workspace (stop it with Ctrl-C)
	$(BIN)/upshot demo --workspace demo-workspace --scale 0.4

test: $(ASSETS) $(CLIENTS) ## everything that must pass before a change lands
	$(BIN)/python -m pytest -m "not study" tests src

check: $(ASSETS) ## format, lint, strict types, import contract, no import circles, docs in step
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/circles.py
	$(BIN)/python frontend/check.py
	$(BIN)/python scripts/references.py --check
	$(BIN)/mkdocs build --quiet --strict

format: $(STAMP) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(ASSETS) ## speed as ratios, side by side in one run
	$(BIN)/python -m bench --write

bench-toy: $(ASSETS) ## every benchmark at so small a size that it only shows that it runs
	$(BIN)/python -m bench --toy

calibrate: $(STAMP) ## size, coverage and power of every estimator and of what the product combines; writes the tables into docs/calibration
	$(BIN)/python -m bench.calibrate
	$(BIN)/python -m bench.calibrate.combinations
	$(BIN)/python -m bench.calibrate.causal

docs: $(ASSETS) ## write the references and build the site into site/
	$(BIN)/python scripts/references.py
	$(BIN)/mkdocs build --strict

wheel-tour: $(STAMP) ## build the wheel, install it alone into an empty environment, take the README's tour with it
	PATH=$(abspath $(BIN)):$$PATH scripts/wheel-tour

shots: $(ASSETS) ## the README's screenshot, made by script
	$(BIN)/python scripts/screenshot.py

lock: ## pin what is installed now: versions, no hosts
	$(BIN)/python scripts/lock.py

clean: ## remove what make has made
	rm -rf $(VENV) build dist site frontend/node_modules tests/clients/node_modules src/upshot/web/static/dist
