# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.DEFAULT_GOAL := help

TOPOLOGY ?= ha5
REPEAT ?= 1
FAULTS ?= *
PYTHON ?= python3
NEWEST ?= $(shell tests/tools/newest-python)
VENV := .cache/venv
VENV_NEWEST := .cache/venv-newest
LINK := .cache/collections/ansible_collections/metal/maas_ha

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/collections
export MOLECULE_GLOB := molecule/*/molecule.yml
export LAB_TOPOLOGY := $(TOPOLOGY)
export LAB_SNAPS := $(SNAPS)
export REPEAT FAULTS
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## List these verbs
	@grep -hE '^[a-z][a-z_-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z_-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 24

## Setting up

.PHONY: setup
setup: system $(VENV)/.done $(LINK) ## Install all that the verbs below need (as root: system packages too)

.PHONY: system
system:
	@tests/tools/system-packages

$(VENV)/.done: requirements.txt requirements-test.txt
	@echo "==> Python environment for the oldest ansible-core ($$($(PYTHON) --version))"
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r requirements-test.txt
	@touch $@

$(VENV_NEWEST)/.done: requirements.txt requirements-test.txt
	@echo "==> Python environment for the newest ansible-core ($$($(NEWEST) --version))"
	$(NEWEST) -m venv $(VENV_NEWEST)
	$(VENV_NEWEST)/bin/pip install --quiet -r requirements-test.txt
	@touch $@

.PHONY: newest
newest: $(if $(NEWEST),$(VENV_NEWEST)/.done)
	@$(if $(NEWEST),true,echo "==> no Python from 3.12 up here: the newest ansible-core is not tested")

$(LINK):
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR) $@

## The lab

.PHONY: demo
demo: setup ## Deploy MAAS on lab hosts (TOPOLOGY=ha5|ha3|ha|minimal, SNAPS=DIR for other snap files)
	@tests/tools/demo

.PHONY: lab-destroy
lab-destroy: setup ## Take the lab down
	@python -m tests.lab destroy

## Testing

.PHONY: test
test: setup lint sanity unit site-test ## What fits into 45 minutes on two cores
	@echo "==> make test: all passed"

.PHONY: test-all
test-all: test roles-test topologies-test interruption-test day2-test faults-test ## Everything: each role's scenario, each topology, interruptions
	@echo "==> make test-all: all passed"

.PHONY: lint
lint: setup ## ruff, yamllint, ansible-lint, shellcheck, licences, changelog
	@echo "==> lint"
	ruff check .
	ruff format --check .
	yamllint --strict .
	ansible-lint
	shellcheck tests/tools/* .ci/run
	reuse lint --quiet
	antsibull-changelog lint

.PHONY: sanity
sanity: setup newest ## ansible-test sanity, on the oldest and the newest ansible-core
	@echo "==> sanity"
	@tests/tools/sanity $(VENV)
	@$(if $(NEWEST),tests/tools/sanity $(VENV_NEWEST))

.PHONY: unit
unit: setup newest ## Unit and contract tests, on the oldest and the newest ansible-core
	@echo "==> unit and contract tests"
	$(VENV)/bin/python -m pytest -q -n 2
	$(if $(NEWEST),$(VENV_NEWEST)/bin/python -m pytest -q -n 2)

.PHONY: site-test
site-test: setup ## The site on lab hosts: check, deploy, again, check, a kill, a lost host (TOPOLOGY=…)
	@tests/tools/scenario ha

.PHONY: scenario
scenario: setup ## One scenario, or some after each other: NAME="database region" (TOPOLOGY=…)
	@tests/tools/scenario $(NAME)

.PHONY: topologies-test
topologies-test: setup ## The site in the other topologies; where three hosts carry it, each host is lost in turn
	@LAB_TOPOLOGY=minimal tests/tools/scenario ha
	@LAB_TOPOLOGY=ha tests/tools/scenario ha
	@LAB_TOPOLOGY=ha3 LAB_LOSE=all tests/tools/scenario ha
	@LAB_TOPOLOGY=ha5 LAB_LOSE=all tests/tools/scenario ha

.PHONY: roles-test
roles-test: setup ## Each tier's own scenario
	@tests/tools/scenario database load_balancer region rack network status

.PHONY: day2-test
day2-test: setup ## The verbs of day 2, each on lab hosts
	@tests/tools/scenario day2_rack day2_region day2_database day2_move drill
	@LAB_TOPOLOGY=ha3 tests/tools/scenario day2_teardown

.PHONY: faults-test
faults-test: setup ## Suffer every fault on both large topologies
	@LAB_TOPOLOGY=ha5 tests/tools/scenario failover
	@LAB_TOPOLOGY=ha tests/tools/scenario failover

.PHONY: interruption-test
interruption-test: setup ## Kill site.yml at ten random tasks, verbs of day 2 at five each, and let them converge
	@tests/tools/scenario interruption day2_interruption

.PHONY: bench
bench: setup ## Measure anew what docs/performance.md says, and take the report's pictures
	python -m tests.bench
	python -m tests.bench.site ha5 ha3 ha minimal
	python -m tests.bench.verbs
	python -m tests.bench.pictures

.PHONY: faults
faults: setup ## Measure anew what docs/failover.md says (TOPOLOGY=ha5|ha, REPEAT=times, FAULTS=names)
	python -m tests.bench.faults --forget "$(FAULTS)" $(TOPOLOGY)
	@tests/tools/scenario failover
	python -m tests.bench.faults $(TOPOLOGY)

.PHONY: build
build: setup ## The collection as a file for ansible-galaxy
	ansible-galaxy collection build --force --output-path .cache/dist

.PHONY: clean
clean: ## Remove what the verbs above made inside the checkout
	rm -rf .cache .ansible .pytest_cache .ruff_cache
