# The commands of the project; `make help` lists them.
PYTHON ?= python3
VENV_BIN = .local/venv/bin
export ODOO_PORT ?= 8069
export SIMULATOR_PORT ?= 8099

.DEFAULT_GOAL := help
.PHONY: help provision demo test test-unit test-e2e test-core bench lint clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

provision:  ## Bring what is missing: Odoo 19, Python packages, PostgreSQL, Chromium
	@$(PYTHON) tools/provision.py

demo:  ## Serve a demo shop connected to the simulator (ODOO_PORT, SIMULATOR_PORT)
	@$(PYTHON) tools/provision.py --no-browser
	@$(PYTHON) tools/demo.py

test: provision  ## Run all tests, unit to browser
	@$(PYTHON) tools/suites.py unit e2e

test-unit: provision  ## Run the addons' own tests
	@$(PYTHON) tools/suites.py unit

test-e2e: provision  ## Run the tests with a real server, the simulator and Chromium
	@$(PYTHON) tools/suites.py e2e

test-core: provision  ## Run Odoo's own suites with and without us and compare
	@$(PYTHON) tools/core_suites.py

bench: provision  ## Measure beside others; ARGS="--quick", "--only NAME", "--help"
	@PYTHONPATH=tools $(VENV_BIN)/python -m benchmarks $(ARGS)

lint:  ## Check the code; works offline once provisioned
	@$(PYTHON) tools/provision.py --no-browser
	@$(VENV_BIN)/pre-commit run --all-files --show-diff-on-failure

clean:  ## Remove all of it, databases too (the cache of downloads stays)
	@$(PYTHON) tools/cluster.py clean
