# Box Office: thin targets over the `boxoffice` command and the development tools. `make` alone lists them.
#
#   make up-startup                         a running ticket shop
#   make up-startup ENGINE=local            choose the engine: local, compose or kubernetes
#   make up-startup EDGE_HTTPS_PORT=9443    any setting of the environment passes through
#   make PYTHON=python3.12 setup            choose the Python, 3.11 or newer

VENV   ?= .venv
BIN    := $(VENV)/bin
PACKAGES = $(notdir $(patsubst %/,%,$(dir $(wildcard services/*/*/py.typed deploy/*/py.typed))))
TESTS    = $(shell find services deploy -path '*/tests/*' -name '*.py' -not -path '*/support/*')

# The first Python that is new enough; when there is none, `setup` says so.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)

BOXOFFICE = $(BIN)/boxoffice

.DEFAULT_GOAL := help
# What a shell says to Python is not meant for these programs.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONINSPECT
# No target is a file, but for the stamps in the virtual environment.
.PHONY: $(shell grep -oE '^[a-z][a-z-]*:' $(firstword $(MAKEFILE_LIST)) | tr -d :)

##@ Run it

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo

up-startup: $(VENV)/.ready ## Start the startup tier: the app as two equal instances behind one edge
	@$(BOXOFFICE) up startup

up-growth: $(VENV)/.ready ## Start the growth tier: one process per service
	@$(BOXOFFICE) up growth

up-enterprise: $(VENV)/.ready ## Start the enterprise tier: several regions, mutual TLS
	@$(BOXOFFICE) up enterprise

promote: $(VENV)/.ready ## Make the tier that is up another one, in place (FROM=startup TO=growth)
	@$(BOXOFFICE) promote $(FROM) $(TO)

status: $(VENV)/.ready ## Show the processes: role, port, health, restarts, memory
	@$(BOXOFFICE) status

logs: $(VENV)/.ready ## Show what the processes say (name=app-1, FOLLOW=1)
	@$(BOXOFFICE) logs $(name) $(if $(FOLLOW),--follow)

SERVICE_NAMES = $(notdir $(patsubst %/,%,$(dir $(wildcard services/*/pyproject.toml))))
scale: $(VENV)/.ready ## Change the number of instances (app=3, or orders=3 where services are apart)
	@$(BOXOFFICE) scale $(foreach each,app $(SERVICE_NAMES) $(SERVICE_NAMES:%=%-api) $(SERVICE_NAMES:%=%-worker),$(if $($(each)),$(each)=$($(each))))

restart: $(VENV)/.ready ## Restart the instances one after the other, unnoticed
	@$(BOXOFFICE) restart --rolling

upgrade: $(VENV)/.ready ## Bring what runs to the code that is here now, unnoticed (name=orders: one service alone)
	@$(BOXOFFICE) upgrade $(name)

kill: $(VENV)/.ready ## Kill a process with signal 9, to see what happens (name=app-1)
	@$(BOXOFFICE) kill $(name)

seed: $(VENV)/.ready ## Put in the data that a fresh stack starts with
	@$(BOXOFFICE) seed

backup: $(VENV)/.ready ## Save databases and secrets while the tier works (file=backup.tar)
	@$(BOXOFFICE) backup $(file)

restore: $(VENV)/.ready ## Put a backup in the place of what is there (file=backup.tar)
	@$(BOXOFFICE) restore $(file)

down: $(VENV)/.ready ## Stop everything (CLEAN=1 removes the data too)
	@$(BOXOFFICE) down $(if $(CLEAN),--clean)

tier-diff: ## Show what one tier has that another has not: their settings side by side
	@set -- $(wildcard deploy/startup/tier.env deploy/growth/tier.env deploy/enterprise/tier.env); \
	test $$# -gt 1 || echo "so far there is one tier: $$1"; \
	while test $$# -gt 1; do echo "$$1 | $$2"; diff -y -W 150 $$1 $$2; shift; done; true

##@ Work on it

setup: $(VENV)/.ready ## Make the virtual environment (every target does when it is missing or old)

$(VENV)/.ready: requirements.lock deploy/setup_venv.py $(wildcard services/*/pyproject.toml) deploy/pyproject.toml
	@test -n "$(PYTHON)" || { echo "Box Office: no Python 3.11 or newer was found. Install one (Debian and Ubuntu:" \
		"sudo apt install python3 python3-venv, macOS: brew install python) or name it: make PYTHON=/path/to/python ..." >&2; exit 1; }
	@$(PYTHON) deploy/setup_venv.py $(VENV)
	@touch $@

# Apart, because it is large and only the browser's tests need it: no start of a tier waits for it.
$(VENV)/.browser: requirements-browser.lock $(VENV)/.ready
	@$(PYTHON) deploy/setup_venv.py $(VENV) requirements-browser.lock
	@touch $@

check: $(VENV)/.ready ## Check format, lint, types, borders and the chart (a minute at most)
	@$(MAKE) --no-print-directory -k -j 4 check-format check-lint check-types check-borders check-chart

check-format: $(VENV)/.ready
	@$(BIN)/ruff format --check --quiet . || { echo "make format puts this right" >&2; exit 1; }

check-lint: $(VENV)/.ready
	@$(BIN)/ruff check --quiet .
	@$(BIN)/hadolint services/Dockerfile

check-types: $(VENV)/.ready
	@$(BIN)/mypy $(addprefix -p ,$(PACKAGES) support loadtests) $(addprefix -m ,conftest setup_venv $(subst /,.,$(basename $(TESTS))))

check-borders: $(VENV)/.ready
	@$(BIN)/lint-imports --no-logo

# The schemas of Kubernetes are apart, because they are large and only the chart is compared with them.
.PHONY: check-chart
check-chart: $(VENV)/.ready
	@if command -v helm >/dev/null; then \
		$(MAKE) --no-print-directory $(VENV)/.chart && TEST_CHART=required $(BIN)/pytest -q -n auto deploy/tests/chart; \
	else echo "the chart is not checked: helm is not here (https://helm.sh/docs/intro/install/)"; fi

$(VENV)/.chart: requirements-chart.lock $(VENV)/.ready
	@$(PYTHON) deploy/setup_venv.py $(VENV) requirements-chart.lock
	@touch $@

format: $(VENV)/.ready ## Format the code, and put right what the linter can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

# Those of the chart belong to `check`.
test: $(VENV)/.ready ## Run all tests that need no Docker (ARGS="-k seats" passes on to pytest)
	$(BIN)/pytest -n auto --ignore deploy/tests/chart $(ARGS)

check-hostile: $(VENV)/.ready ## Attack a tier as strangers do, while others are served (two minutes; TEST_TIER=growth)
	$(BIN)/pytest services/tests/hostile $(ARGS)

test-growth: $(VENV)/.ready ## Run journeys, attacks and faults on the growth tier
	TEST_TIER=growth $(BIN)/pytest services/tests/journeys services/tests/hostile services/tests/faults \
		services/tests/recovery/test_forgotten.py $(ARGS)

test-unit: $(VENV)/.ready ## Run the tests without servers: seconds
	$(BIN)/pytest $(wildcard services/*/tests/unit deploy/tests/unit loadtests/tests/unit loadtests/proofs/tests/unit services/tests/contracts services/tests/architecture) $(ARGS)

test-compose: $(VENV)/.ready ## Run the startup tier as containers: journeys, faults, an upgrade, a restore (needs Docker)
	@$(BIN)/python -c 'import sys; from engines.compose.docker import missing; sys.exit(missing() or 0)'
	docker compose -f compose/startup.yaml build keys app
	TEST_ENGINE=compose $(BIN)/pytest $(or $(PATHS),services/tests/containers services/tests/journeys services/tests/faults \
		services/tests/recovery) $(ARGS)

test-kafka: $(VENV)/.ready ## Run the tests of events on Apache Kafka (needs java and mvn)
	TEST_BROKER=apache $(BIN)/pytest -m kafka $(ARGS)

test-browser: $(VENV)/.browser ## Use the pages as people do (needs Chromium, and says so where it is missing)
	TEST_BROWSER=required $(BIN)/pytest services/tests/browser $(ARGS)

# Apart, because only this needs it: a generator of requests with what it stands on.
$(VENV)/.generated: requirements-generated.lock $(VENV)/.ready
	@$(PYTHON) deploy/setup_venv.py $(VENV) requirements-generated.lock
	@touch $@

test-generated: $(VENV)/.generated ## Send made-up requests to every operation of the API (SECONDS=60)
	TEST_GENERATED=required GENERATED_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest services/tests/generated $(ARGS)

# On whatever KUBECONFIG points at, in a namespace of its own that goes with the tests. The cluster must have the images
# `boxoffice/app` and `boxoffice/tools` of `make images` (BOXOFFICE_IMAGE and BOXOFFICE_TAG name others).
.PHONY: test-kubernetes images
test-kubernetes: $(VENV)/.ready ## Run journeys and faults on a Kubernetes cluster, and what only a cluster has
	@kubectl version >/dev/null || { echo "no cluster answers: point KUBECONFIG at one" >&2; exit 1; }
	TEST_ENGINE=kubernetes TEST_TIER=growth $(BIN)/pytest $(or $(PATHS),services/tests/journeys services/tests/faults) \
		$(if $(ALL),,-m "not twice") $(ARGS)

BUILD = DOCKER_BUILDKIT=1 docker build --file services/Dockerfile
images: ## Build the images of the app and of its tools
	$(BUILD) --tag $(or $(BOXOFFICE_IMAGE),boxoffice)/app:$(or $(BOXOFFICE_TAG),dev) .
	$(BUILD) --tag $(or $(BOXOFFICE_IMAGE),boxoffice)/tools:$(or $(BOXOFFICE_TAG),dev) --target tools .

LIGHTHOUSE = services/tests/lighthouse
lighthouse: $(VENV)/.ready $(LIGHTHOUSE)/node_modules/.ready ## Ask Lighthouse about the main pages (needs node 20 and Chromium)
	TEST_LIGHTHOUSE=required $(BIN)/pytest $(LIGHTHOUSE) $(ARGS)

$(LIGHTHOUSE)/node_modules/.ready: $(LIGHTHOUSE)/package-lock.json
	@command -v npm >/dev/null || { echo "Lighthouse needs node 20 or newer, and npm: sudo apt install nodejs npm" >&2; exit 1; }
	@cd $(LIGHTHOUSE) && npm ci --no-progress
	@touch $@

load: $(VENV)/.ready ## Send people to a tier and judge it (USERS=50 SHAPE=steady|on-sale|ramp|soak SECONDS=60 URL=...)
	@$(BIN)/python -m loadtests $(if $(USERS),--users $(USERS)) $(if $(SHAPE),--shape $(SHAPE)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(URL),--url $(URL)) $(if $(REMOTE),--remote) $(if $(RATE),--rate $(RATE)) \
		$(if $(THINK),--think $(THINK)) $(if $(CLASSES),--classes $(CLASSES)) $(if $(PROCESSES),--processes $(PROCESSES)) \
		$(if $(OBJECTIVES),--objectives $(OBJECTIVES)) $(if $(LOCUST),-- $(LOCUST))

bench: $(VENV)/.ready ## Measure against bare references on this machine
	@$(BIN)/python -m loadtests.bench

prove-startup: $(VENV)/.ready ## Put every claim about the startup tier to the test, and write reports/startup.html (CLAIM=kill)
	@PYTHONPATH=services/tests $(BIN)/python -m loadtests.proofs startup $(CLAIM)

prove-growth: $(VENV)/.ready ## The same for the growth tier: overload, outages, rotation, deploys (CLAIM=slow), reports/growth.html
	@PYTHONPATH=services/tests $(BIN)/python -m loadtests.proofs growth $(CLAIM)

test-proofs: $(VENV)/.ready ## Break a tier on purpose, and see the verdicts turn (twelve minutes, the machine for itself)
	TEST_PROOFS=required $(BIN)/pytest loadtests/proofs/tests/broken $(ARGS)

openapi: $(VENV)/.ready ## Print the API of all services as one OpenAPI document
	@$(BOXOFFICE) openapi

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-package boxoffice-chassis $(if $(UPGRADE),--upgrade)

lock: $(VENV)/.ready ## Pin the dependencies anew (UPGRADE=1 takes newer ones)
	@$(COMPILE) services/*/pyproject.toml deploy/pyproject.toml --group dev --output-file requirements.lock
	@for each in browser chart generated; do \
		$(COMPILE) --constraints requirements.lock --group $$each --output-file requirements-$$each.lock; done
	@$(COMPILE) --constraints requirements.lock services/*/pyproject.toml --output-file services/requirements.lock
	@$(COMPILE) --constraints requirements.lock --group image --output-file services/build.lock

clean: ## Remove the virtual environment, caches and reports (not the data: that is down CLEAN=1)
	rm -rf $(VENV) $(LIGHTHOUSE)/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache reports
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
