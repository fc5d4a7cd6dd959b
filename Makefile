# Ashore: `make up` brings the default stack up, `make test` runs every test.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# `ashore up` makes namespaces and mounts: root, by sudo where it is needed.
SUDO   ?= $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: up down status test test-boot test-qemu test-qemu-pair test-virtualbox test-host unit lint drills \
	bench bench-failover bench-throughput bench-storage bench-load bench-services docs clean

up: $(VENV)/.ready
	$(SUDO) $(BIN)/ashore up

status: $(VENV)/.ready
	$(SUDO) $(BIN)/ashore status

down: $(VENV)/.ready
	$(SUDO) $(BIN)/ashore down

# One runner for everything, linters included, so that its closing line counts them all.
test: $(VENV)/.ready-dev
	$(BIN)/pytest tests

# Boot the golden disk in QEMU to the end of cloud-init; minutes under software emulation.
test-boot: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/pytest tests/machine/boot_disk.py

# Virtual machines: the driver's contract, their logical volumes, a brick on a thin volume. Half
# an hour under software emulation.
test-qemu: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/pytest -s tests/machine/qemu_driver.py tests/machine/qemu_volumes.py \
	  tests/machine/qemu_bricks.py

# A gateway and two load balancers as virtual machines: the floating IP moves. Needs KVM.
test-qemu-pair: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/pytest -s tests/machine/qemu_pair.py

# A stack on the golden disk as its host: in QEMU with KVM, else by user-mode Linux, whose
# kernel is compiled once (needs binutils for objcopy).
test-host: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/pytest -x -s tests/machine/own_host.py

# Make machines by the real VBoxManage in a chroot, and boot one's disk and seed in QEMU.
test-virtualbox: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/pytest tests/machine/virtualbox.py

unit: $(VENV)/.ready-dev
	$(BIN)/pytest tests -m "not machines"

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# Every drill on the stack that is up; breaks it on purpose, for half an hour.
drills: $(VENV)/.ready
	$(SUDO) $(BIN)/ashore drill run --all
	$(SUDO) $(BIN)/ashore drill run --suite pacemaker
	$(SUDO) $(BIN)/ashore drill report

bench: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench

bench-storage: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench.storage

# What a client sees of a failover: Ashore, a tutorial's cluster, keepalived. About 25 minutes.
bench-failover: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench.failover

# The whole stack while something else fills every core: is anybody fenced? About 15 minutes.
bench-load: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench.load

# The API through HAProxy against the API direct.
bench-throughput: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench.throughput

# Image push and pull, a service's address and its failover. About 15 minutes.
bench-services: $(VENV)/.ready-dev
	$(SUDO) $(BIN)/python -m bench.services

docs: $(VENV)/.ready-dev
	$(BIN)/python -m tests.docs --write

clean:
	rm -rf $(VENV) build dist src/*.egg-info artefacts

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Ashore needs Python 3.11 or newer (PYTHON=... names another one)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.ready
