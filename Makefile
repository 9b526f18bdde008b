# Everything a person or CI does here. Needs make and Python 3.11 or newer; the rest is installed into .venv.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
TARGETS := install demo tour up down status logs test check schemas site lock bench browser torture
.PHONY: help $(TARGETS)

VENV := .venv/bin/python
# The first interpreter that runs and is new enough; a name on the PATH alone may be a shim without one behind it.
FIND_PYTHON := for name in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; exit; }; done
INSTALL = @python="$$($(FIND_PYTHON))"; \
	[ -n "$$python" ] || { echo "error: Python 3.11 or newer is needed; found $$(python3 --version 2>&1 || echo none)" >&2; exit 1; }; \
	"$$python" -I deploy/install.py

# Every platform's packages in one list; the index is whatever the installer is set to.
LOCK = .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

install: .venv/.installed-dev ## everything that demo, test and check need
	@$(VENV) -m deploy.local prepare
	@$(VENV) -m deploy.clients
	@$(VENV) -m deploy.console

demo: .venv/.installed-run ## start everything, send real traffic and show it arriving
	@$(VENV) -m deploy.console
	@$(VENV) -m deploy.demo

tour: .venv/.installed-run ## every feature once, in a table; make tour TOUR="cascade batch" for some
	@$(VENV) -m deploy.tour $(TOUR)

up: .venv/.installed-run ## start the local stack in the background; CLUSTER=1: on secured servers
	@$(VENV) -m deploy.console
	@$(VENV) -m deploy.local up $(if $(CLUSTER),--secured)

down: .venv/.installed-run ## end the local stack
	@$(VENV) -m deploy.local down

status: .venv/.installed-run ## what of the local stack runs, and where
	@$(VENV) -m deploy.local status

logs: .venv/.installed-run ## the last lines of a log: make logs NAME=router LINES=100; without a name which there are
	@$(VENV) -m deploy.local logs $(NAME) $(if $(LINES),--lines $(LINES))

test: install ## every test; make test PYTEST="tests/unit/router" for some
	@$(VENV) -m pytest $(or $(PYTEST),-n 3)

check: .venv/.installed-dev ## lint, format, types, generated files
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@$(VENV) -m schemas --check
	@$(VENV) -m deploy.docs --check
	@$(VENV) -m deploy.observability --check
	@$(VENV) -m deploy.gateway --check
	@$(VENV) -m deploy.conformance --check

schemas: .venv/.installed-dev ## write the generated JSON Schema, AsyncAPI, and pages of settings and metrics
	@$(VENV) -m schemas
	@$(VENV) -m deploy.docs
	@$(VENV) -m deploy.observability
	@$(VENV) -m deploy.gateway
	@$(VENV) -m tests.support.console_documents
	@$(VENV) -m deploy.conformance --write

site: .venv/.installed-site ## the documentation as a site, English and Russian, in dist/site; SERVE=1: served, with its search, at SITE_PORT or 8090
	@$(VENV) -m deploy.site $(if $(SERVE),serve $(SITE_PORT))

lock: .venv/.installed-dev ## resolve the hash-locked lists anew from pyproject.toml, keeping what fits
	@$(LOCK) -o requirements.txt
	@$(LOCK) --extra local -c requirements.txt -o requirements-local.txt
	@$(LOCK) --extra observability -c requirements-local.txt -o requirements-observability.txt
	@$(LOCK) --extra local --extra observability --extra site --extra dev -c requirements-local.txt -o requirements-dev.txt
	@$(LOCK) --extra site -c requirements-dev.txt -o requirements-site.txt

bench: .venv/.installed-dev ## measure, each figure beside its limit
	@$(VENV) -m deploy.bench $(BENCH)

browser: .venv/.installed-run ## try the sample page in a real browser; needs a Chromium on the PATH
	@$(VENV) -m deploy.browser

torture: .venv/.installed-run ## break everything under load and compare four ledgers; SEED=7 FAULTS=100 MESSAGES=100000
	@$(VENV) -m deploy.torture run $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS)) \
		$(if $(MESSAGES),--messages $(MESSAGES)) $(TORTURE)

.venv/.installed-run: requirements-local.txt
	$(INSTALL) run

.venv/.installed-dev: requirements-dev.txt
	$(INSTALL) dev

.venv/.installed-site: requirements-site.txt
	$(INSTALL) site

Makefile requirements-local.txt requirements-dev.txt requirements-site.txt: ;

.DEFAULT:
	$(error there is no target "$@"; there are: $(TARGETS))
