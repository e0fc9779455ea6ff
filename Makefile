# Every target sets up what it needs; a second call does no set-up work. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SYSTEM_READY := .venv/.system-ready
TEST_READY := .venv/.test-system-ready

# Empty it for an environment that is used once: compiling all packages takes most of a minute.
BYTECODE ?= --compile-bytecode

# As in grader/sandbox/openmp.py, for what runs without `grader`.
export GOMP_SPINCOUNT := 20000

# Options of the targets; leave them out for the defaults.
SUB ?=
# One of the offering's courses; empty for its last.
COURSE ?=
VARIANT ?= $(COURSE)
SUBMITTED ?=
BUNDLE ?= studio
ASSIGNMENT ?=
DEVICE ?= auto
OUT ?=
REQUIRE ?=
# Of `make check`: some parts only; a few steps per attack.
PARTS ?=
QUICK ?=
# auto, require (a box or no run) or process (code that you trust); check and batch require a box.
ISOLATION ?=
# Of `make report`: use the outputs saved in the notebook.
STORED ?=
# Of `make pack`.
KERBEROS ?=
# Of `make batch` and `make score`.
IN ?=
MANIFEST ?=
WORKERS ?=
SCHEDULER ?=
STORE ?=
COLD ?=
# Of `make batch`, `score` and `rejudge`: PDF=0 leaves feedback.pdf for the next call.
PDF ?= 1
# Of `make grade`, `check` and `batch`: compute ResNet-50 by torchvision's own, slower code.
EXACT ?=
# Of `make review`: hide names; who gets a link, such as "alice bob:reader"; its port.
BLIND ?=
GRADERS ?=
PORT ?=
# Of `make rejudge`: only show whose points would change.
DRY ?=
# Of `make ci`: the repository that the course makes of build/pset4-check.
ACTION ?=
# Of `make image`: with the libraries that only a GPU needs; Debian's suite.
GPU ?=
SUITE ?= trixie
# Of `make test`: twice as many as there are cores, for tests often wait for kernels and limits.
TEST_WORKERS ?= $(shell n=$$(( $$(nproc) * 2 )); echo $$(( n < 8 ? n : 8 )))

# Bytecode is kept even where the environment says otherwise: without it every worker compiles all
# tests, and every process that they start the grader, anew.
TESTING := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

GRADER := $(BIN)/grader
HUB := build/nbgrader
COMMON = --bundle $(BUNDLE) --device $(DEVICE)
OFFERING = $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))
CLASS = $(if $(STORE),--store $(STORE))
ISOLATING = $(if $(ISOLATION),--isolation $(ISOLATION))
PRINTING = $(if $(filter 0,$(PDF)),--no-pdf)
EXACTLY = $(if $(EXACT),--exact)
COURSING = $(if $(VARIANT),--course $(VARIANT))
GRADING = $(COURSING) $(COMMON) $(OFFERING) $(if $(SUBMITTED),--submitted $(SUBMITTED)) $(if $(OUT),--out $(OUT)) $(ISOLATING) $(EXACTLY)
# A sample of ours is zipped anew when its sources have changed.
zip-sample = if [ -f "$(SUB:.zip=)/sample.toml" ]; then $(MAKE) -s --no-print-directory $(SUB); fi
need-sub = $(if $(SUB),,$(error SUB is not set: name the zip, as in `make $@ SUB=submissions/complete.zip`))

# The sample class is made when it is asked for.
make-class = if [ "$(IN:/=)" = submissions/class ]; then $(BIN)/python -m authoring.class_samples >/dev/null; fi
need-in = $(if $(IN),,$(error IN is not set: name the folder, as in `make $@ IN=submissions/class`))

.PHONY: help wheel student setup grade check pack batch score rejudge review classroom report notebook submissions reference assets zoo doctor lint types quick test test-all pytest pytest-quick ci gradescope image accuracy hostile fuzz nbgrader bench bench-peers docs pictures regold clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(SYSTEM_READY) ## Set up .venv and system packages (every target does it)

grade: $(READY) $(SYSTEM_READY) ## Grade SUB=kerberos.zip [COURSE=6.869|6.819] [SUBMITTED=2021-04-02T10:00] [BUNDLE=] [ASSIGNMENT=] [DEVICE=] [OUT=] [ISOLATION=]
	@$(need-sub)$(zip-sample)
	@$(GRADER) grade $(SUB) $(GRADING)

check: $(READY) $(SYSTEM_READY) ## Grade in CI: exit 0 if the policy is met, else 1, 2, or 3 [REQUIRE=structure|run|parts|points=N] [PARTS=1,3b] [QUICK=1]
	@$(need-sub)$(zip-sample)
	@$(GRADER) check $(SUB) $(GRADING) $(if $(REQUIRE),--require $(REQUIRE)) $(if $(PARTS),--only $(PARTS)) $(if $(QUICK),--quick)

batch: $(READY) $(SYSTEM_READY) ## Grade a class: IN=folder [MANIFEST=manifest.csv] [WORKERS=n] [SCHEDULER=tcp://...] [STORE=url] [COLD=1] [PDF=0] [ONLY=kerberos [FORCE=1]] [OUT=] and as above
	@$(need-in)$(make-class)
	@$(GRADER) batch $(IN) $(COURSING) $(COMMON) $(OFFERING) $(CLASS) $(if $(MANIFEST),--manifest $(MANIFEST)) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(if $(COLD),--cold) \
	  $(foreach one,$(ONLY),--only $(one)) $(if $(FORCE),--force) $(if $(OUT),--out $(OUT)) $(ISOLATING) $(EXACTLY) $(PRINTING)

score: $(READY) $(SYSTEM_READY) ## Apply changed points and grades.toml; runs nothing [OUT=results] [ASSIGNMENT=] [STORE=] [PDF=0]
	@$(GRADER) score $(or $(OUT),results) $(CLASS) $(OFFERING) $(PRINTING)

rejudge: $(READY) $(SYSTEM_READY) ## Judge recorded evidence with the current checks and offering; runs no notebook [OUT=results] [DRY=1] [ASSIGNMENT=] [WORKERS=] [SCHEDULER=] [STORE=] [PDF=0]
	@$(GRADER) rejudge $(or $(OUT),results) $(CLASS) $(if $(DRY),--dry-run) $(if $(WORKERS),--workers $(WORKERS)) \
	  $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(if $(filter-out file,$(origin ASSIGNMENT)),$(OFFERING)) $(PRINTING)

review: $(READY) $(SYSTEM_READY) ## Open the desk: grade in the browser what checks leave to people [OUT=results] [GRADERS="alice:head bob"] [BLIND=1] [PORT=] [ASSIGNMENT=] [STORE=]
	@$(GRADER) review $(or $(OUT),results) $(CLASS) $(OFFERING) $(if $(BLIND),--blind) $(if $(PORT),--port $(PORT)) $(foreach one,$(GRADERS),--grader $(one))

classroom: $(READY) $(SYSTEM_READY) ## Grade the sample class cold, warm, on Dask, and interrupted; compare with the expected results
	@$(BIN)/python -m tests.classroom

pack: $(READY) $(SYSTEM_READY) ## Make the zip to hand in: SUB=folder or notebook, KERBEROS=you [OUT=]
	@$(need-sub)
	@$(GRADER) pack $(SUB) --kerberos '$(KERBEROS)' $(OFFERING) $(if $(OUT),--out $(OUT))

report: $(READY) $(SYSTEM_READY) ## Render report.pdf from the reference run, or from SUB=kerberos.zip
	@$(if $(SUB),$(zip-sample))
	@$(GRADER) report $(SUB) $(COMMON) $(OFFERING) $(if $(OUT),--out $(OUT)) $(if $(STORED),--stored) $(ISOLATING)

wheel: $(READY) ## Build the wheel, for machines that have no checkout: build/pset4_grader-*.whl
	@$(BIN)/uv build --quiet --wheel --offline --no-build-isolation --python $(BIN)/python --out-dir build .
	@ls build/*.whl

ci: student ## Build the repository that students' workflows use: build/pset4-check [ACTION=ORG/pset4-check@v1]
	@$(BIN)/python -m authoring.ci_folder $(if $(ACTION),--action $(ACTION))

gradescope: wheel ## Build Gradescope's autograder: build/gradescope-autograder.zip [ASSIGNMENT=] [COURSE=] [BUNDLE=studio-narrow]
	@$(BIN)/python -m authoring.gradescope_zip $(OFFERING) $(COURSING) $(if $(filter-out file,$(origin BUNDLE)),--bundle $(BUNDLE))

student: $(READY) ## Build the student package, without solutions: build/pset4_check-*.whl [ASSIGNMENT=]
	@$(BIN)/python -m authoring.student_package build $(OFFERING)

image: wheel ## Build an image in which the grader is installed: build/pset4-image.tar (root, mmdebstrap) [GPU=1]
	@GPU=$(GPU) SUITE=$(SUITE) authoring/image/build.sh

notebook: $(READY) ## Make the release and the solved notebook of every offering from its master
	@$(GRADER) offering notebooks

submissions: $(READY) $(SYSTEM_READY) ## Zip the sample submissions
	@$(BIN)/python -m authoring.samples

submissions/%.zip: submissions/%/sample.toml $(wildcard submissions/_*/*) grader/model/offerings/pset4_sp21/solved.ipynb | $(READY)
	@$(BIN)/python -m authoring.samples $*

reference: $(READY) ## Run every experiment and write the expected outputs [BUNDLE=] [DEVICE=auto|cpu|cuda]
	@$(BIN)/python -m reference run $(COMMON)

assets: $(READY) ## Fetch the real weights and pictures (BUNDLE=imagenet); needs a network
	@$(BIN)/python -m reference assets

zoo: $(READY) ## Draw, train, and measure the studio bundle from scratch
	@$(BIN)/python -m reference.studio zoo

doctor: $(READY) $(SYSTEM_READY) ## Test every isolation guarantee on this machine [ISOLATION=]
	@$(GRADER) doctor $(ISOLATING)

lint: $(READY) ## ruff and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: $(READY) ## mypy --strict, tests included
	@$(BIN)/mypy reference grader authoring tests

quick: $(READY) $(SYSTEM_READY) ## Lint and the fast tests: no kernel, browser, database or full-size network
	@$(MAKE) -s --no-print-directory -j2 lint pytest-quick

test: $(READY) $(SYSTEM_READY) $(TEST_READY) lint ## Lint, types and tests: everything once
	@$(MAKE) -s --no-print-directory -j2 types pytest

test-all: $(READY) $(SYSTEM_READY) $(TEST_READY) lint types ## What `make test` has and what it leaves out: all tests, then each corpus whole (hours)
	@$(TESTING) $(BIN)/pytest -q -n $(TEST_WORKERS) --whole
	@$(MAKE) -s --no-print-directory accuracy hostile classroom
	@$(MAKE) -s --no-print-directory hostile WARM=1
	@$(BIN)/python -m tests.kills
	@$(BIN)/python -m tests.desk
	@$(MAKE) -s --no-print-directory fuzz

# They wait for nothing, so one for each core.
pytest-quick: $(SYSTEM_READY)
	@$(TESTING) $(BIN)/pytest -q -n $$(nproc) --quick

pytest: $(TEST_READY)
	@$(TESTING) $(BIN)/pytest -q -n $(TEST_WORKERS)

accuracy: $(READY) ## Grade the corpus of wrong and right answers; writes tests/accuracy/README.md
	@$(BIN)/python -m tests.accuracy

hostile: $(READY) $(SYSTEM_READY) ## Run the corpus of hostile submissions, case by case [WARM=1]
	@$(BIN)/python -m tests.hostile $(if $(WARM),--warm)

fuzz: $(READY) $(SYSTEM_READY) ## Send damaged files, odd zips, and odd messages of a kernel through (about 40 minutes; goes on where it was)
	@$(BIN)/python -m tests.fuzz

nbgrader: $(READY) $(SYSTEM_READY) ## Try nbgrader and Otter for real, in an environment of theirs (needs a package index; takes minutes)
	@$(MAKE) -s --no-print-directory $(HUB)/.ready || echo "make: nbgrader and Otter cannot be installed"
	@$(BIN)/python -m tests.nbgrader

bench: $(READY) $(SYSTEM_READY) ## Every benchmark; writes tests/benchmarks/README.md, and says first how many minutes it took the last time
	@$(BIN)/python -m tests.benchmarks
	@$(BIN)/python -m tests.benchmarks.isolation

bench-peers: $(READY) $(SYSTEM_READY) $(HUB)/.ready ## nbgrader and Otter on the notebooks of a benchmark, against ours (needs a package index)
	@$(BIN)/python -m tests.benchmarks.peers

docs: $(READY) ## Build the documentation: build/docs/index.html; warnings are errors
	@$(BIN)/python -m sphinx --builder html --fail-on-warning --nitpicky --quiet docs build/docs
	@echo build/docs/index.html

pictures: $(READY) $(TEST_READY) ## Take the pictures of the documentation anew, of samples that are graded for it
	@$(BIN)/python -m authoring.pictures

regold: $(READY) $(SYSTEM_READY) ## Regenerate what is committed: notebooks, JSON schema, evidence and reference in docs/, CI's lock file
	@$(GRADER) offering notebooks
	@$(BIN)/python -m authoring.evidence
	@$(BIN)/python -m authoring.reference_pages
	@$(BIN)/python -m authoring.ci_lock
	@$(BIN)/python -m grader.outputs.schema

clean: ## Remove results and caches; keeps .venv
	@rm -rf results build report.pdf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -f submissions/*.zip submissions/hostile/*.zip

# -- set-up ---------------------------------------------------------------------------------------

# One `make` of a checkout sets up at a time: another one waits, and then finds the work done. The
# lock is on this file, so that none is left behind; what is started does not inherit it.
ifndef SETTING_UP
HERE := $(firstword $(MAKEFILE_LIST))
FLOCK := $(shell command -v flock)

# $(call alone,flag) lets a `make` of its own set up what the flag stands for, while no other does.
define alone
	@$(if $(FLOCK),flock --nonblock $(HERE) true || echo "make: waiting for another make that sets up this checkout")
	@$(if $(FLOCK),flock --close $(HERE)) $(MAKE) -s --no-print-directory SETTING_UP=1 $(1)
endef

$(READY): requirements.lock pyproject.toml
	$(call alone,$@)

$(HUB)/.ready: tests/nbgrader/requirements.lock | $(READY)
	$(call alone,$@)

$(SYSTEM_READY): $(READY)
	$(call alone,$@)

$(TEST_READY): $(SYSTEM_READY)
	$(call alone,$@)

else

$(READY): requirements.lock pyproject.toml
	@echo "Setting up .venv (once; several GB of PyTorch)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' \
	  || { echo "make: expected Python 3.11.5 or newer as $(PYTHON); name one with PYTHON=python3.12"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
	  || { echo "make: $(PYTHON) cannot make virtual environments; install python3-venv"; exit 2; }
	@$(BIN)/python -m pip --quiet install --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet $(BYTECODE) --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# nbgrader and Otter, for their tests alone.
$(HUB)/.ready: tests/nbgrader/requirements.lock | $(READY)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(HUB)
	@$(BIN)/uv pip install --quiet --python $(HUB)/bin/python -r tests/nbgrader/requirements.lock
	@touch $@

# $(call packages,what they are for,test that they are there,packages)
define packages
	@if $(2) >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing $(3) ($(1))"; \
	  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(3); } >/dev/null; \
	else echo "make: $(1) is missing; install these packages: $(3)"; exit 2; fi
endef

$(SYSTEM_READY): $(READY)
	$(call packages,Pango and HarfBuzz for WeasyPrint,$(BIN)/python -c "from weasyprint.text.ffi import harfbuzz_subset as one; assert one",libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
	$(call packages,bubblewrap for isolation,command -v bwrap,bubblewrap)
	@touch $@

$(TEST_READY): $(SYSTEM_READY)
	$(call packages,PostgreSQL for the tests of the store,ls /usr/lib/postgresql/*/bin/initdb,postgresql)
	$(call packages,Chromium for the browser tests,command -v chromium || command -v google-chrome,chromium)
	@touch $@

endif
