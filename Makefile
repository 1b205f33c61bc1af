# The commands of the project; `make help` lists them.
PYTHON ?= python3
VENV_BIN = .local/venv/bin
export ODOO_PORT ?= 8069
export SIMULATOR_PORT ?= 8099

.DEFAULT_GOAL := help
.PHONY: help provision provision-lean demo docs screenshots test test-lib test-unit \
	test-pins test-e2e test-apart test-core test-one chaos pressure soak mutants bench lint format renew clean

help:  ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

provision:  ## Bring what is missing: Odoo 19, Python packages, PostgreSQL, Chromium
	@$(PYTHON) tools/provision.py

provision-lean:
	@$(PYTHON) tools/provision.py --no-tests

demo: provision-lean  ## Serve a demo shop connected to the simulator (ODOO_PORT, SIMULATOR_PORT)
	@$(PYTHON) tools/demo.py

docs: provision  ## Make the documentation with Sphinx: .local/docs/index.html
	@$(VENV_BIN)/python -m sphinx -W -q docs .local/docs

screenshots: provision  ## Take the pictures of the documentation; ONLY=NAME for some
	@$(VENV_BIN)/python tools/screenshots.py $(if $(ONLY),--only $(ONLY))

test: provision  ## Run all tests, from the rules in lib to the browser (40 minutes)
	@$(PYTHON) tools/suites.py lib unit pins e2e

test-lib: provision-lean  ## Run the tests of lib: plain Python, seconds
	@$(PYTHON) tools/suites.py lib

test-unit: provision-lean  ## Run the addons' own tests
	@$(PYTHON) tools/suites.py unit

test-pins: provision  ## Run both again with the versions that Odoo itself pins
	@$(PYTHON) tools/suites.py pins

test-e2e: provision  ## Run the tests with real servers, the simulator and Chromium
	@$(PYTHON) tools/suites.py e2e

test-apart: provision  ## Run what make test leaves out: limits, kills, every screen, chaos, long commands
	@$(PYTHON) tools/suites.py apart

test-one: provision-lean  ## Run the tests with K in their name: make test-one K=test_sale
	@$(PYTHON) tools/suites.py -k "$(or $(K),$(error name the test: make test-one K=...))"

chaos: provision  ## Sell while everything breaks: make chaos SEED=7 SECONDS=600 ONLY=kill_server
	@PYTEST_ADDOPTS=-s CHAOS_SEED=$(SEED) CHAOS_SECONDS=$(SECONDS) CHAOS_ONLY="$(ONLY)" $(PYTHON) tools/suites.py -k test_chaos

pressure: provision  ## Sell under pressure, with curves: make pressure SECONDS=120 ONLY=bursts
	@PYTEST_ADDOPTS=-s PRESSURE_SECONDS=$(SECONDS) $(PYTHON) tools/suites.py -k test_pressure$(if $(ONLY),_of_$(ONLY))

soak: provision  ## Sell for an hour, with curves: make soak SECONDS=21600 for six
	@PYTEST_ADDOPTS=-s SOAK_SECONDS=$(SECONDS) $(PYTHON) tools/suites.py -k test_soak

test-core: provision  ## Run Odoo's own suites with and without us and compare
	@$(PYTHON) tools/core_suites.py

mutants: provision  ## See which faults in lib no test sees (hours); then mutmut browse
	@nice $(VENV_BIN)/mutmut run --max-children 1

bench: provision  ## Measure beside others; ARGS="--quick", "--only NAME", "--help"
	@PYTHONPATH=tools $(VENV_BIN)/python -m benchmarks $(ARGS)

lint: provision-lean  ## Check the code; works offline once provisioned
	@$(VENV_BIN)/pre-commit run --all-files --show-diff-on-failure

format: provision-lean  ## Put Python, XML, JavaScript, CSS and the READMEs in form
	@$(VENV_BIN)/ruff check --fix --exit-zero --quiet .
	@$(VENV_BIN)/ruff format --quiet .
	@$(VENV_BIN)/python tools/readmes.py
	@git ls-files -co --exclude-standard 'inboost_connector*' simulator \
		| grep -E '\.(xml|js|s?css)$$' \
		| xargs tools/node.sh prettier --write --log-level=warn --config tools/prettier.json

renew: provision  ## Lock the newest versions of all Python packages
	@$(PYTHON) tools/packages.py

clean:  ## Remove all of it, databases too (the cache of downloads stays)
	@$(PYTHON) tools/cluster.py clean
