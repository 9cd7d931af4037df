# Every target works without an activated environment. Only `install` and `lock` need a package index.

VENV    := .venv
BIN     := $(VENV)/bin
LOCKED  := $(VENV)/.locked
READY   := $(VENV)/.installed
JOBS    ?= 2
PYTHONS := python3.11 python3.12 python3.13 python3.14 python3

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help install demo test slow spark lint format bench lock wheel clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name text; \
	  do printf '  make %-9s %s\n' "$$name" "$$text"; done

install: $(READY)  ## create .venv with the locked versions and the slipper command
	@:

demo: $(READY)  ## simulate and analyse the report world (about a minute, once compiled)
	@$(BIN)/slipper run scenarios/report.yaml

test: $(READY)  ## run the tests
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

slow: $(READY)  ## run the studies that take minutes
	@$(BIN)/python -m pytest -q -m slow

spark: $(READY)  ## install Spark (half a gigabyte; needs Java) and run the tests of logs in it
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements-spark.lock && \
	$(BIN)/python -m pytest -q -m slow tests/analysis/warehouses/test_spark_log.py

lint: $(READY)  ## check style, types, imports and dependencies
	@failed=0; \
	check() { name=$$1; shift; \
	  if out=$$("$$@" 2>&1); then echo "ok      $$name"; else echo "FAILED  $$name"; echo "$$out"; failed=1; fi; }; \
	check "ruff check" $(BIN)/ruff check .; \
	check "ruff format" $(BIN)/ruff format --check .; \
	check "mypy" $(BIN)/mypy; \
	check "import contracts" $(BIN)/lint-imports; \
	check "deptry" $(BIN)/deptry .; \
	exit $$failed

format: $(READY)  ## let ruff fix and format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(READY)  ## measure speed and memory, minutes (BENCH=quick: without the long ones)
	@$(BIN)/python -m benchmarks

lock: $(LOCKED)  ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/pip-compile --quiet --extra=dev --extra=cluster --extra=postgres --extra=lessons --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --strip-extras --allow-unsafe --output-file=requirements.lock pyproject.toml
	@sed -n '/^spark = \[/,/^]/s/^ *"\(.*\)".*/\1/p' pyproject.toml | $(BIN)/pip-compile --quiet --strip-extras --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file=requirements-spark.lock -

wheel: $(READY)  ## build a wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . | tail -n 1

clean:  ## remove the environment, builds and caches (outputs/ stays)
	@rm -rf $(VENV) dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The locked packages, from scratch whenever the lock's text changes. The copy of the lock that is written last
# says that the environment is complete; an interrupted install has none, and starts again.
$(LOCKED): requirements.lock
	@if cmp -s requirements.lock $(LOCKED); then touch $(LOCKED); exit 0; fi; \
	for python in $(PYTHONS); do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "Needs Python 3.11 or newer with venv and pip (on Debian: apt-get install python3-venv)." >&2; exit 1; fi; \
	echo "Installing $$(grep -c '==' requirements.lock) locked packages into $(VENV) ($$($$found --version), a minute or two)"; \
	rm -rf $(VENV) && $$found -m venv $(VENV) && \
	$(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements.lock && \
	cp requirements.lock $(LOCKED)

# The project itself, from this folder, built with the locked hatchling: nothing is fetched.
$(READY): $(LOCKED) pyproject.toml
	@rm -f $(READY); \
	$(BIN)/python -m pip install -qq --no-index --no-deps --no-build-isolation --editable . && \
	touch $(READY) && echo "Installed: $(BIN)/slipper"
