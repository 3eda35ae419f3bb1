# Publisher's commands. `make demo` and `make test` set up all they need themselves.
SHELL := /bin/sh
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
WEEK := 2026-W47
# more for benchmarks.render, such as BENCH="--articles 6 --runs 1"
BENCH :=

.PHONY: help demo preview test lint format bench bench-peers pictures gallery clean

help:
	@echo "make demo     collect, compose, render and mail the demo issue (to a local outbox)"
	@echo "make preview  look at the demo issue in the browser, refreshed as you edit"
	@echo "make test     format, lint, types, import contracts, tests, wheel"
	@echo "make lint     the quick part of make test"
	@echo "make bench    measure rendering, copy-fitting, sending, events and survival"
	@echo "make bench-peers  measure beside Chromium, Paged.js, Vivliostyle and Postfix"
	@echo "make pictures render the pictures of the README anew"
	@echo "make gallery  render docs/gallery.md: every page of the demo, in each theme"
	@echo "make clean    remove what the demo made"

# ---- setting up -----------------------------------------------------------------

$(if $(filter .uv/bin/uv,$(UV)),.uv/bin/uv):
	@.ci/packages run
	@echo "Setting up uv"
	@python3 -m venv .uv && .uv/bin/pip --quiet install uv

.venv/.run-ready: uv.lock pyproject.toml $(filter .uv/bin/uv,$(UV))
	@.ci/packages run
	@echo "Setting up Python packages"
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@touch $@

.venv/.test-ready: uv.lock pyproject.toml .venv/.run-ready
	@.ci/packages test
	@$(UV) sync --quiet --frozen --inexact
	@touch $@

# ---- using ----------------------------------------------------------------------

demo: .venv/.run-ready
	@$(RUN)/publisher demo --week $(WEEK)

preview: .venv/.run-ready
	@$(RUN)/publisher preview --week $(WEEK)

# ---- developing -----------------------------------------------------------------

lint: .venv/.test-ready
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports

format: .venv/.test-ready
	@$(RUN)/ruff check --fix .
	@$(RUN)/ruff format .

test: lint
	@$(RUN)/pytest

bench: .venv/.test-ready
	@$(RUN)/python -m benchmarks.render
	@$(RUN)/python -m benchmarks.fit
	@$(RUN)/python -m benchmarks.send
	@$(RUN)/python -m benchmarks.smtp
	@$(RUN)/python -m benchmarks.events --events 300000
	@$(RUN)/python -m benchmarks.chaos --runs 10

# the other programs; they use the system's Chromium and bring none of their own
.peers/.ready: Makefile
	@command -v npm >/dev/null 2>&1 || { echo "Please install Node.js with npm first" >&2; exit 1; }
	@echo "Installing Paged.js and Vivliostyle in .peers"
	@mkdir -p .peers
	@PUPPETEER_SKIP_DOWNLOAD=1 npm install --prefix .peers --no-audit --no-fund --loglevel error \
		pagedjs-cli@0.4.3 @vivliostyle/cli@11.0.0
	@touch $@

bench-peers: .venv/.test-ready .peers/.ready
	@.ci/packages peers
	@$(RUN)/python -m benchmarks.render $(BENCH)
	@$(RUN)/python -m benchmarks.smtp

pictures: demo
	@$(RUN)/python docs/pictures.py issues/$(WEEK)/build/sirocco-$(WEEK).pdf

gallery: .venv/.run-ready
	@$(RUN)/python -m docs.sheets

clean:
	@rm -rf publisher.db* outbox issues/$(WEEK)/articles issues/$(WEEK)/pictures issues/$(WEEK)/build
