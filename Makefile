SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install play test lint e2e golden bench clean
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## List what make can do here
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do printf '%-16s%s\n' "$$target" "$$text"; done

install: ## Set up everything the others need: .venv with the Python packages, node_modules
	@scripts/install

play: install ## Start the game and print its address (PORT=8001 make play for another port); Ctrl-C stops it
	@python manage.py play

test: install ## Run all tests: JavaScript, Python, the database ones on PostgreSQL, then the browser
	@scripts/test

lint: install ## Check style, types and import rules of Python and JavaScript; changes nothing
	@scripts/lint

e2e: install ## Run only the tests that play in a real browser
	@scripts/test browser

golden: install ## Run the tests that learn from real photos for minutes, where these are
	@scripts/test golden

bench: install ## Measure speed with the scripts in benchmarks/
	@scripts/bench

clean: ## Remove what make made (.venv, node_modules, build, caches); the game's data in data/ stays
	rm -rf .venv node_modules build test-artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
