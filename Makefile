# Everything begins here: `make run` on an empty machine, `make help` for the rest.

# Any Python from 3.9 on; it only sets things up. The product's own interpreters are found or downloaded.
PYTHON ?= python3
# More words for pytest, for example: make test ARGS="tests/unit -k outbox"
ARGS ?=

APP := .venv/bin
ENGINE := .venv-engine/bin
# The engine's code runs in an environment of its own, and is checked by its rules.
ENGINE_CODE := bot/engine tests/unit/engine
ENGINE_RULES := --config bot/engine/pyproject.toml
UV_COMPILE := .tools/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header

export PATH := $(CURDIR)/$(APP):$(PATH)
export PYTHONDONTWRITEBYTECODE :=
export RASA_TELEMETRY_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench faults fuzz leaks lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: ## Install everything, build the console, train the assistant
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python is missing: install it (Debian and Ubuntu: sudo apt-get install python3 python3-venv), then run the same command again."; \
	  exit 1; }
	@$(PYTHON) -m deploy.setup

run: setup ## Set up what is missing and start Aitys (DEMO=channels: with customers' phones to try all channels); Ctrl-C stops it
	@exec $(APP)/aitys run $(if $(filter channels,$(DEMO)),--demo-channels)

test: setup ## Run all tests: unit, integration, conversations, browser
	$(APP)/pytest $(ARGS)

check: setup ## Check style, types and architecture without running anything
	$(APP)/ruff check .
	$(APP)/ruff format --check .
	$(APP)/mypy .
	$(APP)/ruff check $(ENGINE_RULES) $(ENGINE_CODE)
	$(APP)/ruff format --check $(ENGINE_RULES) $(ENGINE_CODE)
	$(APP)/mypy --config-file bot/engine/pyproject.toml --python-executable $(ENGINE)/python $(ENGINE_CODE)
	$(APP)/lint-imports
	cd crm/console && npm run check

format: ## Bring the code into the house's form
	$(APP)/ruff check --fix-only .
	$(APP)/ruff format .
	$(APP)/ruff check --fix-only $(ENGINE_RULES) $(ENGINE_CODE)
	$(APP)/ruff format $(ENGINE_RULES) $(ENGINE_CODE)

bench: setup ## Measure against the plain alternatives; writes docs/benchmarks.md
	$(APP)/python -m tests.bench $(ARGS)

faults: setup ## Kill every process in turn during 200 conversations and a flood over five channels, and count what was lost or doubled
	$(APP)/python -m tests.faults $(ARGS)

fuzz: setup ## Give each parser of what strangers send 100,000 random inputs
	FUZZ_INPUTS=100000 $(APP)/pytest tests/fuzz $(ARGS)

leaks: setup ## Hold 1,000 conversations through a recording proxy, and search all that left for personal data
	$(APP)/python -m tests.leaks $(ARGS)

lock: setup ## Write requirements/ anew from the pyproject files (UPGRADE=--upgrade for newer versions)
	echo "uv==0.13.9" | $(UV_COMPILE) $(UPGRADE) --python-version 3.9 --output-file requirements/tools.txt -
	$(UV_COMPILE) $(UPGRADE) --python-version 3.12 --group dev --output-file requirements/app.txt pyproject.toml
	$(UV_COMPILE) $(UPGRADE) --python-version 3.10 --group bot/engine/pyproject.toml:dev \
	  --output-file requirements/engine.txt bot/engine/pyproject.toml

clean: ## Remove what was installed and built; your data in .aitys stays
	rm -rf .tools .venv .venv-engine crm/console/node_modules crm/console/dist models/*.tar.gz models/privacy
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
