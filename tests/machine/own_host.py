"""A stack on a host as users have it: systemd is PID 1, cgroup version 2, no network.

`make test-host` runs it: the golden disk is booted as the host, in QEMU with KVM, or by
user-mode Linux where KVM does not work; Ashore comes on a second disk. `make test` does not
collect it: its name keeps it out. The tests follow each other on one host.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ashore.app import disk
from ashore.app.select import select
from ashore.cli.common import Target
from ashore.drivers.qemu import kvm
from ashore.image import tree
from ashore.image.disksteps import Order
from ashore.state.paths import cache_root
from tests.machine import carried, usermode
from tests.machine.boot_disk import BUILD_SECONDS
from tests.machine.guest import KVM, Commands, Done, Guest

STACK = """\
apiVersion: ashore/v1
kind: Stack
name: own
network: {cidr: 10.90.11.0/24, uplink: none}
machines:
  controlplane: {count: 1}
  worker: {count: 1, docker: false}
  storage: {count: 0}
"""
MACHINES = {"gw", "lb1", "lb2", "cp1", "w1"}
MEMORY = 6144  # MiB
BOOT, UP, ASK = 1200.0, 4500.0, 900.0  # s

FIRST_BOOT = f"""\
mkdir -p {carried.PLACE}
echo 'LABEL={carried.LABEL} {carried.PLACE} ext4 defaults 0 2' >> /etc/fstab
systemctl daemon-reload
mount {carried.PLACE}
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:{carried.PLACE}/packages ./' > /etc/apt/sources.list
cat > {carried.PLACE}/stack.yaml <<'END'
{STACK}END
"""
# Settings of the kernel but for the counters among them and those of the stack's own links.
_SETTINGS = (
    "sysctl -a 2>/dev/null | grep -Ev '^(fs\\.(dentry|file-nr|inode|quota)|kernel\\.(random|ns_"
    "|pty|perf|sched_|threads|core_)|net\\.ipv[46]\\.(conf|neigh|route)|net\\.netfilter\\.nf_con"
    "ntrack_count|net\\.ipv4\\.tcp_fastopen_key|vm\\.stat)'"
)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Host:
    """The guest as a host, and what each phase took.

    Attributes:
        slower: how many times more patience it needs than this computer.
    """

    guest: Commands
    slower: int
    boot: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[phase] = time.monotonic() - started
        say(f"{phase}: {self.seconds[phase]:.0f} s")

    def ashore(self, *words: str, seconds: float = ASK, code: int | None = 0) -> Done:
        """Run Ashore as root of the host; `code` None for any."""
        place = carried.PLACE
        env = [f"ASHORE_CACHE={place}/cache", f"ASHORE_STATE={place}/state"]
        env += [f"ASHORE_PATIENCE={self.slower}", f"PATH={place}/venv/bin:/usr/sbin:/usr/bin"]
        argv = ["env", "-C", place, *env, "ashore", *words]
        done = self.guest.run(argv, seconds, check=False)
        assert code is None or done.code == code, f"{words}: exit {done.code}\n{done.said[-6000:]}"
        return done

    def json(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        return json.loads(self.ashore(*words, "-o", "json", code=code).said)

    def healthy(self, seconds: float = UP) -> dict[str, Any]:
        """Wait until `status` says that everything is as it should be."""
        deadline = time.monotonic() + seconds
        while not (found := self.json("status", code=None))["healthy"]:
            assert time.monotonic() < deadline, json.dumps(found, indent=1)
            time.sleep(2)
        return found

    def settings(self) -> dict[str, str]:
        """Every setting of the host's kernel."""
        lines = self.guest.run(_SETTINGS, ASK).said.splitlines()
        return dict(line.split(" = ", 1) for line in lines if " = " in line)

    def traces(self) -> dict[str, list[str]]:
        """What a stack leaves on a host, and what systemd knows of it."""
        script = "import json; from leftovers import snapshot; "
        script += "print(json.dumps(vars(snapshot('own')), default=sorted))"
        argv = ["env", f"PYTHONPATH={carried.PLACE}/tests", "python3", "-c", script]
        found = json.loads(self.guest.run(argv, ASK).said)
        units = "systemctl list-units --all --plain --no-legend 'ashore-own*'; "
        units += "machinectl --no-legend list"
        found["units"] = self.guest.run(units, ASK, check=False).said.splitlines()
        return found


def _disk() -> Order:
    chosen = select(Target())
    return disk.order(chosen, disk.Wish(None, None, ("raw",), None))


def _boot(disks: list[Path], place: Path, *, emulated: bool) -> Host:
    if not emulated:
        return Host(Guest(KVM, place, disks, FIRST_BOOT, MEMORY), 1)
    program, uki = asyncio.run(usermode.kernel(cache_root())), _disk().tree / tree.UKI
    guest = usermode.Usermode(program, uki, place, disks, FIRST_BOOT, MEMORY)
    return Host(guest, usermode.SLOWER)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    ashore = Path(sys.executable).parent / "ashore"
    argv = [ashore, "image", "build", "--yes", "-o", "json", "--format", "raw"]
    built = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_SECONDS, check=True)
    raw = Path(json.loads(built.stdout)["files"][0]["path"])
    emulated = bool(asyncio.run(kvm.missing()))
    home = usermode.DISKS if emulated else Path("/var", "tmp")
    with tempfile.TemporaryDirectory(prefix="host-", dir=home) as directory:
        place = Path(directory)
        carried.make(place / "carried.img", place, _disk().tree / "var/lib/dpkg/status")
        here = _boot([raw, place / "carried.img"], place, emulated=emulated)
        try:
            with here.timed("boot the host to the end of cloud-init"):
                here.boot = here.guest.up(BOOT)
            yield here
        finally:
            here.guest.off()
            say("\n| phase | seconds |\n|---|---|")
            for phase, seconds in here.seconds.items():
                say(f"| {phase} | {seconds:.0f} |")


def test_doctor_names_what_is_missing(host: Host) -> None:
    host.before = {"settings": host.settings(), "traces": host.traces()}
    with host.timed("doctor"):
        found = host.json("doctor", code=3)
    worse = {f["id"]: f for f in found["findings"] if f["level"] == "error"}
    assert set(worse) == {"tool-systemd-nspawn"}, worse
    (cgroups,) = (f for f in found["findings"] if f["id"] == "cgroups")
    assert "systemd is PID 1, with cgroup version 2" in cgroups["what"]


def test_up(host: Host) -> None:
    with host.timed("up"):
        done = host.ashore("up", "--yes", seconds=UP)
    say(done.said)
    found = host.json("status")
    assert {m["name"] for m in found["machines"]} == MACHINES
    assert found["kubernetes"]["nodes"] == found["kubernetes"]["ready"] == 2


def test_nothing_is_left_to_do(host: Host) -> None:
    with host.timed("plan"):
        assert host.json("plan") == {"changes": []}


def test_every_machine_is_a_unit_of_its_own(host: Host) -> None:
    units = [line for line in host.traces()["units"] if ".service" in line]
    assert {f"ashore-own-{name}.service" for name in MACHINES} <= {u.split()[0] for u in units}
    assert all("running" in unit for unit in units), units


def test_a_machine_that_is_switched_off_comes_back(host: Host) -> None:
    with host.timed("power off a worker, status, up"):
        host.ashore("power", "off", "w1")
        assert host.json("status", code=4)["healthy"] is False
        host.ashore("up", "--yes", seconds=UP)
    host.healthy()


def test_a_machine_that_stops_in_good_order_comes_back(host: Host) -> None:
    with host.timed("stop a worker from inside, up"):
        host.ashore("exec", "w1", "--", "systemctl", "poweroff", code=None)
        deadline = time.monotonic() + ASK
        while host.json("power", "status", "w1")["power"] != "off":
            assert time.monotonic() < deadline
            time.sleep(1)
        host.ashore("up", "--yes", seconds=UP)
    host.healthy()


def test_a_killed_machine_comes_back(host: Host) -> None:
    with host.timed("kill -9 of a machine's nspawn, up"):
        unit = "ashore-own-w1.service"
        host.guest.run(["systemctl", "kill", "--signal=KILL", unit], ASK)
        host.ashore("up", "--yes", seconds=UP)
    host.healthy()


def test_a_machine_reboots(host: Host) -> None:
    boot = ("exec", "w1", "--", "stat", "-c", "%Y", "/proc/1")
    with host.timed("reboot of a worker from inside"):
        former = host.ashore(*boot).said
        host.ashore("exec", "w1", "--", "systemctl", "reboot", code=None)
        deadline = time.monotonic() + ASK
        while (done := host.ashore(*boot, code=None)).code != 0 or done.said == former:
            assert time.monotonic() < deadline, done
            time.sleep(1)
        host.healthy()


def test_the_stack_survives_a_reboot_of_the_host(host: Host) -> None:
    with host.timed("reboot the host"):
        # Not before the agent has said that it was asked: its unit is ended by the reboot.
        soon = ["systemd-run", "--on-active=1s", "--timer-property=AccuracySec=1s"]
        host.guest.run([*soon, "systemctl", "reboot"], ASK)
        host.boot = host.guest.up(BOOT, former=host.boot)
    assert host.json("plan")["changes"]
    with host.timed("up after the reboot"):
        host.ashore("up", "--yes", seconds=UP)
    found = host.healthy()
    assert found["kubernetes"]["ready"] == 2


def test_down_leaves_nothing_but_what_doctor_named(host: Host) -> None:
    with host.timed("down"):
        host.ashore("down")
    traces, settings = host.traces(), host.settings()
    left = {k: set(v) - set(host.before["traces"][k]) for k, v in traces.items()}
    left["mounts"] -= {"/run/netns"}  # `ip netns` makes it, for everybody
    assert not {k: v for k, v in left.items() if v}
    former = host.before["settings"]
    changed = {k for k in settings if k in former and settings[k] != former[k]}
    named = {"fs.inotify.max_user_instances", "fs.inotify.max_user_watches"}
    # The kernel shows both once more by another name.
    assert changed <= named | {"user.max_inotify_instances", "user.max_inotify_watches"}, changed
