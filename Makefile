# Set-up, run, test, bench. Everything lands in .venv and var/; nothing else of the machine is touched but Debian packages
# that are missing (python3-venv; for the tests what `tools` names), installed only where this user may.

PY := .venv/bin/python
STAMP := .venv/.installed
APT := DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -y -qq
SUDO := $(shell if [ "$$(id -u)" = 0 ]; then echo env; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then echo "sudo env"; fi)

# The suite starts hundreds of processes: none of them is to compile our modules anew, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=

# What the tests start, and the packages it comes from.
TOOLS := chromium:chromium strace:strace systemd-analyze:systemd fc-match:fontconfig
PACKAGES := chromium libatomic1 fonts-dejavu-core fontconfig strace systemd

.PHONY: setup run test test-long test-fresh bench lint system tools

setup: $(STAMP)

system:
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  test -n "$(SUDO)" || { echo "python3-venv is missing and this user may not install it"; exit 1; }; \
	  $(SUDO) $(APT) update && $(SUDO) $(APT) install --no-install-recommends python3 python3-venv; }

$(STAMP): pyproject.toml | system
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@

tools: | system
	@missing=""; for tool in $(TOOLS); do \
	  command -v $${tool%%:*} >/dev/null 2>&1 || missing="$$missing $${tool##*:}"; done; \
	case "$$KIOSK_CHROMIUM" in "") ;; *) missing=$$(echo "$$missing" | sed 's/ chromium//');; esac; \
	test -z "$$missing" || { \
	  if [ -n "$(SUDO)" ]; then $(SUDO) $(APT) update && $(SUDO) $(APT) install --no-install-recommends $(PACKAGES); \
	  else echo "missing, and this user may not install it:$$missing"; exit 1; fi; }

run: setup
	.venv/bin/kiosk run

# Most of it waits for devices: four parts at once, the scenes in two by their names. One of them is in front, where
# Ctrl-C is heard.
APART := --ignore=tests/scenes --ignore=tests/pages
PART = $(PY) -m pytest -m "not long" -p no:cacheprovider

# A test that cannot be run for want of a tool is a failure here: KIOSK_SKIPS=allow lets it be skipped.
test test-long: export KIOSK_SKIPS ?= fail

test: setup tools
	@mkdir -p var
	@echo "four parts at once: scenes P to Z here; the others write to var/test-*.log, shown at the end"
	@$(PART) tests $(APART) > var/test-rest.log 2>&1 & rest=$$!; \
	$(PART) tests/pages > var/test-pages.log 2>&1 & pages=$$!; \
	$(PART) tests/scenes/test_[a-o]*.py > var/test-scenes.log 2>&1 & scenes=$$!; \
	$(PART) tests/scenes/test_[!a-o]*.py; status=$$?; \
	wait $$scenes || status=1; cat var/test-scenes.log; \
	wait $$pages || status=1; cat var/test-pages.log; \
	wait $$rest || status=1; cat var/test-rest.log; \
	exit $$status

test-long: export KIOSK_SWEEP ?= all
test-long: setup tools
	$(PY) -m pytest -o faulthandler_timeout=1800

# The last commit in a fresh minimal Debian, as root: `make test-fresh`, or only a part: `.ci/fresh lint`.
test-fresh:
	.ci/fresh test

# Some ten minutes. `make bench BENCH="orders growth"` measures parts, `make bench BENCH=--long` all of it for long.
bench: setup
	$(PY) -m tests.bench $(BENCH)

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
