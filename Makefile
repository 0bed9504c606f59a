# Every target does its own set-up: `make report` and `make test` work from a bare clone.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
LINK := build/typing/gradparity

.PHONY: report test bench lint format clean

report: $(STAMP)
	mkdir -p build
	# Exit code 1 is the right answer here: the class of the original question is wrong, and the report says so.
	$(BIN)/gradparity run --with-demo --html build/report.html --markdown build/report.md --json build/report.json; test $$? -eq 1
	@echo "open build/report.html"

test: $(STAMP)
	# Once, for the hundreds of processes that the tests start: where Python writes no bytecode, each would compile anew.
	$(BIN)/python -m compileall -q harness backends reports
	$(BIN)/python -m pytest -n 2 -m "not slow" $(ARGS)

bench: $(STAMP)
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)

lint: $(STAMP) $(LINK)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build

# torch is asked for by its exact version first: left to a range, pip may fetch a build with gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

# pyright does not follow an editable install's mapping, so the tests' imports go through one link to the repository.
$(LINK):
	mkdir -p $(dir $@)
	ln -sfn ../.. $@
