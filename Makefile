# Works with nothing but make, python3 and python3-venv; what else is needed is installed by pip into .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

FILE ?= tests/captures/f1_25-format2026-race-melbourne.pcap.gz
TO ?= 127.0.0.1:20777
SPEED ?= 1
DIR ?= tests/captures
RESULTS := .cache/reliability

.PHONY: help setup demo run replay test test-quick check lint types format lock licences sbom container-check bench bench-quick bench-check bench-wall metrics-doc rules-check truth chaos reliability fuzz captures schema goldens screenshots clean

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

licences: $(STAMP) ## Write docs/licences.md anew from requirements.lock and web/vendor
	$(BIN)/python -m tests.supply licences > docs/licences.md

sbom: $(STAMP) ## Write the bill of materials .cache/sbom.json (needs cyclonedx-py, from PyPI's cyclonedx-bom)
	@mkdir -p .cache
	cyclonedx-py environment --output-reproducible --of JSON $(BIN)/python | $(BIN)/python -m tests.supply sbom > .cache/sbom.json

bench: $(STAMP) ## Measure everything beside peers and floors, and write docs/benchmarks.md (10 minutes, on an idle machine)
	@$(BIN)/python -m bench --write

bench-quick: $(STAMP) ## Measure the cheap rows, shortened (some 90 s)
	@$(BIN)/python -m bench --quick

bench-check: $(STAMP) ## Fail when a ratio of a quick run is beyond bench/bounds.toml
	@$(BIN)/python -m bench --check

bench-wall: $(STAMP) ## Measure the page in Chromium: cost a second with 2 and 4 rigs, heap over 10 minutes, input to pixel
	@$(BIN)/python -m bench.wall

truth: $(STAMP) ## Judge the gateway against the simulator: every scenario, format, network, 20 seeds
	@$(BIN)/python -m tests.truth

chaos: $(STAMP) ## Judge the way to Data Cloud: 50 kills, 8 hours offline, storms, soaks; cause every alert (some 50 minutes)
	@$(BIN)/python -m tests.chaos

reliability: $(STAMP) ## Prove every row of the fault matrix, and write docs/reliability.md (an hour and a quarter)
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	-$(BIN)/python -m pytest -q -n auto -m "row and not live" --rows $(RESULTS)/1-tests.json
	-$(BIN)/python -m pytest -q -m "row and live" --rows $(RESULTS)/2-live.json
	-$(BIN)/python -m tests.chaos --json $(RESULTS)/3-chaos.json
	-$(MAKE) --no-print-directory container-check CHECK_JSON=$(RESULTS)/4-container.json
	$(BIN)/python -m tests.reliability $(RESULTS)/*.json > docs/reliability.md

captures: $(STAMP) ## Pass every capture of a folder through: make captures DIR=...
	@$(BIN)/python -m tests.captures.pass_through $(DIR)

fuzz: $(STAMP) ## Send a million hostile datagrams through the pipeline
	@$(BIN)/python -m tests.truth.fuzz

schema: $(STAMP) ## Write docs/events.schema.json and app/datacloud/schema.yaml anew
	$(BIN)/python -m app.normalize.schema > docs/events.schema.json
	$(BIN)/python -m app.datacloud schema > app/datacloud/schema.yaml

metrics-doc: $(STAMP) ## Write docs/metrics.md and the Grafana board anew
	$(BIN)/python -m app.catalogue > docs/metrics.md
	$(BIN)/python -m tests.monitoring.board > deploy/grafana/dashboards/rig-gateway.json

rules-check: $(STAMP) ## Check Prometheus' rules and run their unit tests by promtool
	@$(BIN)/python -m tests.prepare
	$(BIN)/python -m pytest -q tests/monitoring -m "not live"

goldens: ## Write the decoder's golden values anew with the independent f1-packets
	$(PYTHON) -m tests.goldens.make

screenshots: $(STAMP) ## Take the pictures in docs/ anew from a simulated duel (needs Chromium)
	@$(BIN)/python -m tests.screenshots

clean: ## Remove what can be made anew
	rm -rf .venv .cache .mypy_cache .ruff_cache .hypothesis
