# Each target sets up what it needs in .venv from nothing but Python 3.11+ and make. `make PYTHON=...` chooses a Python.

VENV := .venv
BIN := $(VENV)/bin
CODE := src tests bench examples tools
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v "$$python" && break; done)

# With PENSTOCK_REQUIRE_ALL=1 nothing may be skipped, so that the large test libraries are needed too.
ifeq ($(PENSTOCK_REQUIRE_ALL),1)
ALL := -all
endif
PAGE := $(BIN)/python tools/page.py
PYTEST := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(BIN)/pytest
# What it exits with where no Node is to be had, which it says. With PENSTOCK_REQUIRE_ALL=1 that is a failure.
NO_NODE := $(if $(ALL),0,3)
DEMO := $(VENV)/.set-up-demo
CHECK := $(VENV)/.set-up-check
TEST := $(VENV)/.set-up-test$(ALL)
BENCH := $(VENV)/.set-up-bench

.PHONY: help demo test check lint ui dist screenshots bench bench-ui clean

help:
	@echo "make demo    train a model on real data, with live progress"
	@echo "make test    everything: lint, types, layers, all tests"
	@echo "make check   lint, types, layers, unit tests; some minutes"
	@echo "make ui      build the page that penstock ui serves"
	@echo "make dist    a wheel and a source archive, with that page"
	@echo "make screenshots  pictures of each page, into build/screenshots"
	@echo "make bench   the benchmarks of docs/performance.md"
	@echo "make clean   remove what make made; never .penstock"

demo: $(DEMO)
	@$(BIN)/penstock run examples/digits.py
	@$(PAGE) build || test $$? = $(NO_NODE)
	@echo "look at it in the browser: $(BIN)/penstock ui"

test: $(TEST) lint
	@$(PAGE) build && $(PAGE) test || test $$? = $(NO_NODE)
	@mkdir -p build
	@echo "the tests run in $(words $(PARTS) $(APART)) parts, three at once; each is shown when it is over (until then: build/tests-N.log)"
	@code=0; for parts in "$(PARTS)" "$(APART)"; do \
		$(MAKE) --no-print-directory -k -j3 $$parts || code=$$?; done; exit $$code

# Most tests wait for processes, so that three run at once on two cores. The parts begin in this order, the longest first.
# What starts clusters of Ray is in one of them. A browser drops its connections while networks come and go, as those of
# containers do: its tests run after those, beside what makes none.
PARTS := $(addprefix tests-,1 2 3 4 7 8 9)
APART := $(addprefix tests-,6 5)
tests-1: FILES := tests/system/test_[c-e]*.py
tests-2: FILES := tests/contract tests/system/test_[!a-n]*.py
tests-3: FILES := tests/system/test_[ab]*.py
tests-4: FILES := tests/system/test_f*.py
tests-5: FILES := tests/unit
tests-6: FILES := tests/browser
tests-7: FILES := tests/system/test_[l-n]*.py
tests-8: FILES := tests/docs
tests-9: FILES := tests/system/test_[g-k]*.py

$(PARTS) $(APART):
	@$(PYTEST) $(FILES) >build/$@.log 2>&1; code=$$?; cat build/$@.log; exit $$code

check: $(CHECK) lint
	@$(BIN)/pytest -q tests/unit

bench: $(BENCH)
	@$(BIN)/python -m bench $(BENCH_ARGS)

lint: $(if $(filter test,$(MAKECMDGOALS)),$(TEST),$(CHECK))
	@$(BIN)/ruff format --check --quiet $(wildcard $(CODE)) || \
		{ echo "mend it: $(BIN)/ruff format $(wildcard $(CODE))"; exit 1; }
	@$(BIN)/ruff check --quiet $(wildcard $(CODE))
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pyright
	@$(PAGE) lint || test $$? = $(NO_NODE)

ui: $(DEMO)
	@$(PAGE) build

screenshots: $(CHECK) ui
	@$(BIN)/python tools/screenshots.py $(SCREENSHOTS_ARGS)

dist: $(CHECK) ui
	@$(BIN)/hatchling build

bench-ui: $(CHECK) ui
	@$(BIN)/python -m bench page $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build dist ui/node_modules src/penstock/server/page .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO): GROUPS := examples server
$(CHECK): GROUPS := dev libraries server
$(TEST): GROUPS := dev libraries server examples integrations $(if $(ALL),torch)
$(BENCH): GROUPS := libraries examples bench server

$(DEMO) $(CHECK) $(TEST) $(BENCH): pyproject.toml constraints.txt tools/set_up.py
	@test -n "$(PYTHON)" || { echo "Penstock needs Python 3.11 or newer with venv: make PYTHON=/path/to/python"; exit 1; }
	@echo "setting up $(VENV) ($(GROUPS)) ..." >&2
	@"$(PYTHON)" tools/set_up.py $(VENV) $@ $(GROUPS)
