# Works with nothing but make, python3 and python3-venv; what else is needed is installed by pip into .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

FILE ?= tests/captures/f1_25-format2026-race-melbourne.pcap.gz
TO ?= 127.0.0.1:20777
SPEED ?= 1
DIR ?= tests/captures

.PHONY: help setup demo run replay test test-quick check lint types format lock container-check bench bench-wall truth chaos fuzz captures schema goldens screenshots clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv from the lock file

$(STAMP): requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: $(STAMP) ## Run the gateway with recorded traffic of two rigs, and print its address
	@$(BIN)/python -m app.demo

run: $(STAMP) ## Run the gateway for real rigs
	@$(BIN)/python -m app

replay: $(STAMP) ## Send a capture: make replay FILE=x.pcap TO=127.0.0.1:20777 SPEED=1
	@$(BIN)/python -m app.ingest.replay $(FILE) --to $(TO) --speed $(SPEED) --loop

test: $(STAMP) ## Set up whatever the tests need, and run all of them
	@$(BIN)/python -m tests.prepare
	node --test tests/web/*.test.mjs
	$(BIN)/python -m pytest -q -n auto -m "not live"
	$(BIN)/python -m pytest -q -m live

test-quick: $(STAMP) ## Run the tests that need no browser and no wall clock
	$(BIN)/python -m pytest -q -n auto -m "not live"

check: lint types test ## All that CI does, in CI's order

lint: $(STAMP) ## Style, by ruff
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## Types, by mypy --strict
	$(BIN)/mypy

format: $(STAMP) ## Put the code into ruff's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

lock: ## Write the three lock files anew (needs uv): all, what the image runs, what its check needs
	$(LOCK) pyproject.toml --extra dev --output-file requirements.lock
	$(LOCK) pyproject.toml --constraint requirements.lock --output-file requirements-run.lock
	$(LOCK) tests/containers/requirements.in --output-file tests/containers/requirements.lock

container-check: $(STAMP) ## Build the image and prove it, the Compose files and the demo (Debian, as root; two minutes)
	@$(BIN)/python -m tests.containers $(if $(CHECK_JSON),--json $(CHECK_JSON))

bench: $(STAMP) ## Measure decode cost beside f1-packets, and the pipeline's throughput
	@$(BIN)/python -m bench

bench-wall: $(STAMP) ## Measure the page in Chromium: cost a second with 2 and 4 rigs, heap over 10 minutes, input to pixel
	@$(BIN)/python -m bench.wall

truth: $(STAMP) ## Judge the gateway against the simulator: every scenario, format, network, 20 seeds
	@$(BIN)/python -m tests.truth

chaos: $(STAMP) ## Judge the way to Data Cloud: 50 kills, 8 hours offline, fault storms, a soak (some 15 minutes)
	@$(BIN)/python -m tests.chaos

captures: $(STAMP) ## Pass every capture of a folder through: make captures DIR=...
	@$(BIN)/python -m tests.captures.pass_through $(DIR)

fuzz: $(STAMP) ## Send a million hostile datagrams through the pipeline
	@$(BIN)/python -m tests.truth.fuzz

schema: $(STAMP) ## Write docs/events.schema.json and app/datacloud/schema.yaml anew
	$(BIN)/python -m app.normalize.schema > docs/events.schema.json
	$(BIN)/python -m app.datacloud schema > app/datacloud/schema.yaml

goldens: ## Write the decoder's golden values anew with the independent f1-packets
	$(PYTHON) -m tests.goldens.make

screenshots: $(STAMP) ## Take the pictures in docs/ anew from a simulated duel (needs Chromium)
	@$(BIN)/python -m tests.screenshots

clean: ## Remove what can be made anew
	rm -rf .venv .cache .mypy_cache .ruff_cache .hypothesis
