# Everything a fresh clone needs: git, make and a Python from 3.11 on.  The environment is made in .venv from
# the hashed lock files, and only made again when they change.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint wheel vscode reference bench lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PIP_INSTALL := $(PIP) install --require-hashes -r

help:  ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1 \t/' | expand -t 14

demo: .venv/.ready  ## write the sample bank to ./demo-bank, run it, print its pyramid
	$(BIN)/cxmetrics demo demo-bank

test: .venv/.ready-dev  ## the tests
	$(BIN)/python -m pytest -n 2

lint: .venv/.ready-dev  ## style and types of the code
	$(BIN)/ruff check .
	$(BIN)/mypy

wheel: .venv/.ready-dev  ## dist/: a source archive, and a wheel built from what that archive holds
	rm -rf dist build/sdist && mkdir -p build/sdist
	$(BIN)/hatchling build -t sdist -d dist
	tar -xzf dist/cxmetrics-*.tar.gz -C build/sdist --strip-components=1
	dist="$(CURDIR)/dist" bin="$(CURDIR)/$(BIN)"; cd build/sdist && "$$bin/hatchling" build -t wheel -d "$$dist"

vscode: .venv/bin/python  ## dist/cxmetrics-….vsix: the extension for VS Code; needs no network and no npm
	$(BIN)/python editors/vscode/pack.py dist

reference: .venv/.ready  ## grammar/formulas.md, of the grammar's comments and the table of functions
	$(BIN)/python -m cxmetrics.reference > grammar/formulas.md
	$(BIN)/python -c "from cxmetrics.parse import drawn_anew; print(end=drawn_anew().to_json())" > grammar/formula.tables.new
	mv grammar/formula.tables.new grammar/formula.tables.json

bench: .venv/.ready-dev  ## speed and memory, written to benchmarks/out/; takes minutes (BENCH=--small for fewer)
	$(BIN)/python -m benchmarks $(BENCH)
	$(BIN)/python -m benchmarks.crossed 30x150x7
	$(BIN)/python -m benchmarks.conjunctions 300x3x2 300x8x3

lock: .venv/.ready-dev  ## resolve the versions anew and write the lock files
	$(BIN)/python -m venv --clear build/lock && build/lock/bin/pip install --quiet pip-tools
	rm -f requirements*.lock
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) --extra dev --extra test -c requirements.lock -o requirements-dev.lock pyproject.toml
	$(COMPILE) --only-build-deps --build-deps-for wheel -c requirements-dev.lock -o requirements-build.lock pyproject.toml

# The files name packages and hashes only: where packages come from is the business of whoever installs them.
COMPILE := build/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

clean:  ## remove what was made
	rm -rf .venv build dist demo-bank .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The newest Python whose wheels the locks were tried with, else whatever `python3` is, if it is new enough.  A name
# on the path may be a shim of a version that is not there, or lack the module venv: so each is asked, not looked up.
.venv/bin/python:
	@fits='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'; \
	for python in python3.13 python3.12 python3.11 python3 python; do \
		if "$$python" -c "$$fits" >/dev/null 2>&1; then \
			echo "making .venv with $$("$$python" --version)"; \
			exec "$$python" -m venv --clear .venv; \
		fi; \
	done; \
	echo 'cxmetrics needs Python 3.11 or newer with its module venv; none was found on the path.' >&2; \
	echo 'On Debian and Ubuntu: apt install python3 python3-venv' >&2; \
	exit 1

.venv/.ready: .venv/bin/python requirements.lock requirements-build.lock pyproject.toml
	$(PIP_INSTALL) requirements.lock -r requirements-build.lock
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	$(PIP_INSTALL) requirements-dev.lock
	@touch $@
