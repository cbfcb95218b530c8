# Needs make and Python 3.11 or newer with venv; everything else is installed into .venv from the locks.
#   make demo        play the wholesaler's year, print what was found, serve the console (SERVE=0: do not serve)
#   make test        every test that needs no server
#   make bench-forecast  what forecasting costs, beside other libraries
#   make bench-streams  events a second, beside Faust and Quix Streams on one broker; needs Java and Maven
#   make bench-claims  200 agents claim among a million open tasks, 10 minutes
#   make faults      the fault matrix on three brokers and a database, in full: hours; OUT=DIR keeps its figures
#   make test-all    that, and the lanes that need a server: see the end of `make test`

VENV := .venv
BIN := $(VENV)/bin
COMPARED := .venv-backtest
RIVALS := .venv-rivals
# The first interpreter that is new enough and can make an environment; PYTHON=... chooses another.
FIT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(p) -c '$(FIT)' 2>/dev/null && echo $(p))))
SERVE ?= 1
# Wheels with known hashes only: nothing is built, so no unlocked build tool ever runs.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:
PYTEST := $(BIN)/python -m pytest
# A module's tests stay in one process. JOBS=0: all in this one, as a debugger wants it.
JOBS ?= auto
PARALLEL = -n $(JOBS) --dist loadscope
LANE_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test test-all bench-forecast bench-streams lint format lock clean lane-slow lane-kafka lane-alerts lane-postgres lane-browser lane-benchmarks lane-compose lane-demo bench-claims faults faults-short

help:
	@sed -n 's/^#   //p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Ringahead needs Python 3.11 or newer with venv. On Debian and Ubuntu: apt-get install python3 python3-venv. Another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of packages; a changed lock or project file installs again.
define install_project
	@$(PIP) -r requirements-build.lock
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
endef

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Ringahead needs into $(VENV) (once; a minute or two) ..." >&2
	@$(PIP) -r requirements.lock
	$(install_project)
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing Ringahead and its test tools into $(VENV) (once; a minute or two) ..." >&2
	@$(PIP) -r requirements-dev.lock
	$(install_project)
	@touch $@ $(VENV)/.runtime

# The libraries that forecasts are compared with, in an environment of their own: users of forecasts need none of them.
$(COMPARED)/.done: requirements-backtest.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing Ringahead and what it is compared with into $(COMPARED) (once; a minute or two) ..." >&2
	@$(BIN)/python -m venv $(COMPARED)
	@$(subst $(BIN),$(COMPARED)/bin,$(PIP)) -r requirements-backtest.lock
	@$(subst $(BIN),$(COMPARED)/bin,$(PIP)) -r requirements-build.lock
	@$(COMPARED)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

bench-forecast: $(COMPARED)/.done
	@$(COMPARED)/bin/python -m benchmarks.bench_forecast $(LANE_ARGS)

# The other streaming system needs older versions of what we use than we lock.
$(RIVALS)/.done: requirements-rivals.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing Ringahead beside other streaming systems into $(RIVALS) (once; a minute or two) ..." >&2
	@$(BIN)/python -m venv $(RIVALS)
	@$(subst $(BIN),$(RIVALS)/bin,$(PIP)) -r requirements-rivals.lock
	@$(subst $(BIN),$(RIVALS)/bin,$(PIP)) -r requirements-build.lock
	@$(RIVALS)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

bench-streams: $(RIVALS)/.done
	@$(RIVALS)/bin/python -m benchmarks.streams --kafka $(LANE_ARGS)

demo: $(VENV)/.runtime
	@$(BIN)/ringahead demo $(if $(filter 0,$(SERVE)),--no-serve)

test: $(VENV)/.dev
	@$(PYTEST) $(PARALLEL) -m "not kafka and not postgres and not browser and not slow" $(LANE_ARGS)
	@echo
	@echo "Not run here; make test-all adds these lanes:"
	@echo "  kafka     KAFKA_BOOTSTRAP, Docker, or Java 17 with Maven    make lane-kafka"
	@echo "  postgres  DATABASE_URL, Docker, or an installed PostgreSQL  make lane-postgres"
	@echo "  browser   Chromium                                          make lane-browser"
	@echo "  slow      nothing but minutes: kills, parity, full data     make lane-slow"

test-all: test lint lane-slow lane-kafka faults-short lane-alerts lane-postgres lane-browser lane-benchmarks lane-compose lane-demo

# A lane's tests may not skip: a server that is not there fails it, with the reason; so does a lane without tests.
lane-slow: $(VENV)/.dev
	@$(PYTEST) $(PARALLEL) --no-skips -m "slow and not kafka and not postgres and not browser and not alerts" $(LANE_ARGS)

lane-kafka: $(VENV)/.dev
	@$(PYTEST) --no-skips -m "kafka and not faults and not alerts" $(LANE_ARGS)

# The rows one by one: LANE_ARGS="-k kill --faults-rate 500".
faults: $(VENV)/.dev
	@$(PYTEST) --no-skips tests/faults -m faults -s --show-capture=no --faults-full --faults-out $(or $(OUT),var/faults) $(LANE_ARGS)

# Three kills, one rebalance, one broker, one stop of the database.
faults-short: $(VENV)/.dev
	@$(PYTEST) --no-skips tests/faults -m faults_short -s --show-capture=no $(if $(OUT),--faults-out $(OUT)) $(LANE_ARGS)

lane-alerts: $(VENV)/.dev
	@$(PYTEST) --no-skips -m alerts -s --show-capture=no tests/deploy $(LANE_ARGS)

lane-postgres: $(VENV)/.dev
	@$(PYTEST) $(PARALLEL) --no-skips -m "postgres and not kafka and not alerts" $(LANE_ARGS)

lane-browser: $(VENV)/.dev
	@$(PYTEST) --no-skips -m "browser and not kafka and not postgres" $(LANE_ARGS)

lane-benchmarks: $(VENV)/.dev
	@$(BIN)/python -m benchmarks --small

bench-claims: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.claims --plan $(LANE_ARGS)

lane-demo: $(VENV)/.dev
	@RINGAHEAD_DATA_DIR=.cache/demo-lane $(BIN)/ringahead demo --no-serve

lane-compose: $(VENV)/.dev
	@$(PYTEST) --no-skips tests/repo/test_compose.py $(LANE_ARGS)
	@if docker compose version >/dev/null 2>&1; \
	then docker compose --env-file .env.example config --quiet && echo "docker compose config: accepted"; \
	else echo "docker compose is not installed: checked against the compose specification's schema only"; fi

# All four even if one fails, so that one run tells everything.
lint: $(VENV)/.dev
	@status=0; for check in "ruff check ." "ruff format --check ." "bandit -q -lll -r console forecasting ops outreach schemas streams" mypy "lint-imports --no-cache --no-logo"; do \
	echo "$$check"; $(BIN)/$$check || status=1; done; exit $$status

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# New pins: needs uv (https://docs.astral.sh/uv/). UPGRADE=--upgrade takes newer versions of everything.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links
lock:
	$(COMPILE) $(UPGRADE) --extra dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements-dev.lock --extra backtest pyproject.toml -o requirements-backtest.lock
	$(COMPILE) --extra rivals pyproject.toml -o requirements-rivals.lock
	echo 'setuptools>=77' | $(COMPILE) $(UPGRADE) - -o requirements-build.lock

clean:
	rm -rf $(VENV) $(COMPARED) $(RIVALS) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
