# Everything starts here, from python3 alone. `make demo` shows the product, `make test` proves it.
# uv (pinned) lives in .uv/, the environment in .venv/.

SHELL := /bin/sh
BIN := .venv/bin
QUICK := -m "not slow and not root and not chaos"
WORKERS ?= 4
# What failed beside three others on a small machine is tried once more by itself, and shown: what fails twice fails.
ALONE = { echo "once more, each alone:"; $(BIN)/pytest --last-failed --last-failed-no-failures none $(QUICK); }
# In one process: each package is built once, one machine boots at a time, and what is timed has nobody beside it.
CALM = tests/system/packages tests/system/tools/test_bench_quick.py
CHAOS = CHAOS_SEED=$${CHAOS_SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')} $(BIN)/pytest -m chaos -s

# Images set it to stay small. Here hundreds of processes would each compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all browser screenshots chaos check bench generate pin deb docs format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.venv/.ready: pyproject.toml uv.lock scripts/bootstrap.sh
	@sh scripts/bootstrap.sh

demo: .venv/.ready ## the whole product on one screen: cameras, terminal, agent, broker, hub, console
	@$(BIN)/python -m simulators.demo $(DEMO_ARGS)

test: .venv/.ready check ## quick suite, with what it needs of the system
	@sh scripts/system-packages.sh
	$(BIN)/pytest -n $(WORKERS) $(QUICK) || $(ALONE)

test-all: .venv/.ready check browser docs ## everything, also slow and privileged tests
	@sh scripts/system-packages.sh
	@sh scripts/apt-install.sh mmdebstrap systemd-container qemu-user-static iproute2 || echo "going on: tests in a booted Debian will skip"
	@sh scripts/apt-install.sh lintian faketime zsh curl gcc || echo "going on: the tests of packages, of clocks, of completion and of the API by curl that need them will skip"
	$(BIN)/pytest -n $(WORKERS) -m "not chaos" $(addprefix --ignore=,$(CALM))
	$(BIN)/pytest -m "not chaos" $(CALM)
	$(CHAOS)

browser: .venv/.ready ## what the tests in a browser need: chromium, playwright, axe-core
	@sh scripts/browser.sh

screenshots: .venv/.ready browser ## the pictures of the console in docs/images, of a county with a week behind it
	$(BIN)/python -m tests.browser.screenshots

chaos: .venv/.ready ## kill, cut and count
	@sh scripts/system-packages.sh
	$(CHAOS)

check: .venv/.ready ## lint, types, layers, generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check

bench: .venv/.ready browser ## measure ours beside the peers; writes docs/benchmarks.md
	@sh scripts/apt-install.sh mosquitto openssl strace || echo "going on: what needs them is left out"
	$(BIN)/python -m bench

generate: .venv/.ready ## schema, AsyncAPI, reference pages, samples
	$(BIN)/python scripts/generate.py

pin: .venv/.ready ## pin the wire of this release into tests/data/wire
	@sh scripts/system-packages.sh
	$(BIN)/python scripts/pinwire.py

deb: .venv/.ready ## Debian packages for boxes and hubs, Debian 12 and 13, amd64 and arm64, into dist/
	$(BIN)/python scripts/builddeb.py $(DEB_ARGS)

docs: .venv/.ready ## guides and reference as a site for the stick, into build/site
	@$(BIN)/python scripts/sitedocs.py

format: .venv/.ready ## put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove everything that was made here
	rm -rf .uv .venv .cache .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
