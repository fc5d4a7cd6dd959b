"""The stock fence agent of the golden root file system, called as Pacemaker calls it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ashore.image import rootfs
from ashore.state import jsonl
from ashore.state.paths import cache_root
from tests.contract.bmc.conftest import ADDRESS, Running, secret

# The mounts live in a namespace of their own and go with the shell. Appending to
# the bundle is what update-ca-certificates comes to, in a tenth of its time.
ENTER = """
set -e
mount=$1 lower=$2 ca=$3
mount -t tmpfs tmpfs "$mount"
mkdir "$mount/upper" "$mount/work" "$mount/root"
cd "$mount"
mount -t overlay -o "lowerdir=$lower,upperdir=upper,workdir=work" overlay root
mount --rbind /proc "$mount/root/proc"
mount --bind /dev "$mount/root/dev"
cat "$ca" >>"$mount/root/etc/ssl/certs/ca-certificates.crt"
exec chroot "$mount/root" fence_redfish
"""

Fence = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fence(running: Running, tmp_path: Path) -> Fence:
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts")
    root = rootfs.planned(cache_root())
    if not (root / "usr/sbin/fence_redfish").exists():
        pytest.skip(f"no golden root file system with fence_redfish at {root}")
    mount = tmp_path / "mount"
    mount.mkdir()

    def call(
        action: str,
        system: str = "lb1",
        password: str = "",
        ca: Path = running.ca,
        systems_uri: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        options = {
            "action": action,
            "ip": ADDRESS,
            "ipport": running.port,
            "username": "lb1",
            "password": password or secret("lb1"),
            "ssl_secure": "1",
            "systems_uri": f"/redfish/v1/Systems/{system}" if systems_uri is None else systems_uri,
        }
        text = "".join(f"{k}={v}\n" for k, v in options.items() if v != "")
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "-"]
        places = [str(mount), str(root), str(ca)]
        return subprocess.run(
            [*command, *places], input=text, capture_output=True, text=True, timeout=120
        )

    return call


def done(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_reboot_switches_off_and_on(running: Running, fence: Fence) -> None:
    assert "Success: Rebooted" in done(fence("reboot"))
    assert running.state("lb1") == "on"
    resets = jsonl.read(running.log / "resets.jsonl")
    assert [(r["type"], r["result"]) for r in resets] == [
        ("ForceOff", "started"),
        ("ForceOff", "done"),
        ("On", "started"),
        ("On", "done"),
    ]
    assert {r["account"] for r in resets} == {"lb1"}


def test_off_status_and_on(running: Running, fence: Fence) -> None:
    assert "Status: ON" in fence("status").stdout
    done(fence("off"))
    assert running.state("lb1") == "off"
    off = fence("status")
    assert (off.returncode, off.stdout.strip()) == (2, "Status: OFF")
    done(fence("on"))
    assert running.state("lb1") == "on"
    done(fence("monitor"))


def test_the_system_is_found_without_its_path(running: Running, fence: Fence) -> None:
    done(fence("off", systems_uri=""))
    assert (running.state("lb1"), running.state("lb2")) == ("off", "on")


@pytest.mark.parametrize(
    "wrong",
    [
        {"system": "lb2"},
        {"system": "w9"},
        {"password": "wrong"},
        {"ca": Path("/dev/null")},
    ],
    ids=["another machine", "unknown machine", "wrong password", "unknown CA"],
)
def test_what_may_not_be_fenced_is_not(
    running: Running, fence: Fence, wrong: dict[str, Any]
) -> None:
    assert fence("off", **wrong).returncode not in (0, 2)
    assert (running.state("lb1"), running.state("lb2")) == ("on", "on")
