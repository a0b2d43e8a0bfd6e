# `make up` is all that a new machine needs; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# The programs of this checkout, whatever else is on the machine.
BIN := .venv/bin
CACHE ?= $(or $(SIXRING_CACHE),$(if $(filter 0,$(shell id -u)),/var/cache/sixring,$(HOME)/.cache/sixring))
NODE_PATHS := $(CACHE)/node/bin
export PATH := $(PATH):$(NODE_PATHS)
# Container images set it; without bytecode every start compiles every import anew: three times the computing of crm's start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up down status test check check-types check-code check-pages bench prompts clean tools

help:            ## this list
	@sed -n 's/^\([a-z]*\): [^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo '  Environment: SIXRING_STATE SIXRING_OFFSET SIXRING_SITE DEMO=0|1 SIXRING_DATABASE_URL SIXRING_REDIS_URL SIXRING_AMI'

up:              ## install what is missing, start everything, say where it is
	@sh callcenter/install.sh
	@$(BIN)/sixring up

down:            ## end everything of this instance; its state stays
	@$(BIN)/sixring down

status:          ## what runs, since when, and the calls now
	@$(BIN)/sixring status

tools:           ## what tests and checks need
	@sh callcenter/install.sh test

test: tools      ## every test: units, integration, real phones, real browser, chaos
# Once and before them: else every process of the first minute compiles the same files, and voices stutter.
	-@$(BIN)/python -m compileall -q -j 2 acd agi callcenter crm dashboard tests .venv/lib >/dev/null 2>&1
	@$(BIN)/python tests/lanes.py

check: tools     ## ruff, mypy, architecture, file sizes, the pages' types and lint
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-types check-code check-pages

check-types:
	@$(BIN)/mypy

check-code:
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/python tests/file_sizes.py
	@$(BIN)/python tests/rules_table.py

# Their types too: the build that `tools` has made of these very files begins with them.
check-pages:
	@cd dashboard/web && npm run --silent lint

# Not in it, because a million households take half an hour: bench/crm.py.
bench: tools     ## CPU per call, AGI look-ups against other servers, and the ACD's own share
	@uv sync --quiet --frozen --all-groups 2>/dev/null || $(CACHE)/uv/bin/uv sync --quiet --frozen --all-groups
	@$(BIN)/python bench/call_cost.py
	@$(BIN)/python bench/agi.py
	@$(BIN)/python bench/acd.py

prompts:         ## render the spoken prompts anew (downloads the voices)
	@sh callcenter/install.sh python
	@$(BIN)/sixring prompts render

clean:           ## remove what was built; an instance's state is kept
	rm -rf .venv dashboard/web/node_modules dashboard/web/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
