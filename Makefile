# make help says what there is. Needs make and Python 3.11 or later, nothing else.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
UV ?= uv

export PORT PICTURES RESET

.DEFAULT_GOAL := help
.PHONY: help demo test lint messages docs fuzz requirements chaos soak audit clean

help: ## Say what there is to make
	@printf 'Brushmark screens uploads of an art marketplace and brings the suspects to people.\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@printf '\n  make demo PICTURES=/folder   with your own pictures\n'
	@printf '  make demo RESET=1            from the start\n'
	@printf '  make demo PORT=8001          on another port\n'

define need_python
@command -v $(PYTHON) >/dev/null || { echo 'Cannot set up: $(PYTHON) is not installed. Install Python 3.11 or later (or name it: PYTHON=python3.12).'; exit 1; }
endef

demo: ## Start the whole site with pictures in it; Ctrl-C stops it
	$(need_python)
	@$(PYTHON) tools/bootstrap.py serve
	@exec $(RUN)/python -m marketplace.demo

test: ## Set up everything and run all checks and tests
	$(need_python)
	@$(PYTHON) tools/bootstrap.py full
	@$(MAKE) --no-print-directory lint
	$(RUN)/python -m pytest
	@if $(RUN)/python -c 'import sys, tests.servers; sys.exit(not tests.servers.postgresql_programs())'; then \
	  echo 'And once more on PostgreSQL:'; \
	  $(RUN)/python -m tests.servers postgresql -- $(RUN)/python -m pytest \
	    -m 'not browser and not train and not postgresql_server'; \
	else \
	  echo 'PostgreSQL is not installed (Debian: apt-get install postgresql): the second run, on it, was left out.'; \
	fi

lint: ## Check style, types, imports, migrations and templates
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/python manage.py makemigrations --check --dry-run --skip-checks
	find marketplace moderation templates tests -name '*.html' -print0 | xargs -0 $(RUN)/djade --check --target-version 5.2

docs: ## Build the docs into site/
	@$(PYTHON) tools/bootstrap.py full
	NO_MKDOCS_2_WARNING=1 $(RUN)/python -m mkdocs build --strict

messages: ## Bring the translations up to date with the code (needs gettext)
	$(RUN)/python tools/messages.py

fuzz: ## Fuzz the readers of hostile files for five minutes (atheris, where it runs)
	@$(PYTHON) tools/bootstrap.py full
	$(RUN)/pip install --quiet atheris
	$(RUN)/python -m tests.fuzz.readers -max_total_time=300

chaos: ## Break every part of a site under 1,000 uploads each and print what became of them (COUNT=60 is quicker)
	@$(PYTHON) tools/bootstrap.py full
	$(RUN)/python -m tests.chaos.scenarios $(or $(COUNT),1000)

soak: ## Two hours of mixed load, then 5,000 pictures through one worker: no error, no leak (MINUTES=5 is quicker)
	@$(PYTHON) tools/bootstrap.py full
	$(RUN)/python -m tests.soak minutes $(or $(MINUTES),120)
	$(RUN)/python -m tests.soak pictures $(or $(PICTURES_COUNT),5000)

audit: ## Look the pinned packages up among known vulnerabilities (pip-audit; needs the network)
	@$(PYTHON) tools/bootstrap.py full
	@$(RUN)/pip install --quiet pip-audit || { echo 'pip-audit could not be installed: it needs a package index.'; exit 1; }
	@$(RUN)/pip-audit --requirement requirements.txt --no-deps --disable-pip --progress-spinner off \
	  || { echo 'The audit found something, or could not ask pypi.org (its last lines say which).'; exit 1; }

requirements: ## Compile the pinned requirements (needs uv; UPGRADE=1 takes newer ones)
	@for file in requirements.txt requirements-serve.txt; do head -n 1 $$file > $$file.head; done
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate --all-extras $(if $(UPGRADE),--upgrade) \
	  --group site --group dev --quiet --output-file requirements.txt
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate --extra c2pa --extra heif \
	  --extra metrics --extra psd --extra s3 --group site --constraint requirements.txt --quiet --output-file requirements-serve.txt
	@for file in requirements.txt requirements-serve.txt; do \
	  grep -v '^#' $$file > $$file.body; cat $$file.head $$file.body > $$file; rm $$file.head $$file.body; done

clean: ## Remove what was made: the demo's data, caches, the virtual environment
	rm -rf $(VENV) var staticfiles build dist site .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
