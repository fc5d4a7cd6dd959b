"""Reading what VBoxManage 7.2 printed."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from ashore.drivers.virtualbox import vboxmanage
from ashore.drivers.virtualbox.vboxmanage import Listed, Medium, VBoxManage
from ashore.errors import AshoreError, ExitCode
from ashore.host.cgroups import Hierarchies
from ashore.host.run import CommandFailed

VMS = """\
WARNING: The vboxdrv kernel module is not loaded. Either there is no module
         available for the current kernel (v782) or it failed to load.
"ashore-demo-gw" {ade5d247-91b6-5d8e-ac42-039b655548f1}
"a "quoted" name" {478fe8c2-9555-48e0-a783-3501d1e03cdc}
<inaccessible>
"<inaccessible>" {2ebcca2c-048d-5653-82bd-57e94d526a11}
"""
SHOWN = """\
name="ashore-demo-gw"
groups="/ashore-demo"
memory=1024
"SATA-0-0"="/state/gw/root.vdi"
"SATA-ImageUUID-0-0"="1a1c3a9c-27a3-4134-9f5c-8ddb4798e46c"
VMState="poweroff"
Forwarding(0)="ssh,tcp,127.0.0.1,24032,,22"
description="two
lines"
"""
HDDS = """\
UUID:           41561de1-3132-5bd8-99fd-3508fa32387c
Parent UUID:    base
State:          created
Type:           normal (base)
Location:       /cache/a disk.vdi
Storage format: VDI
Capacity:       20480 MBytes

UUID:           1a1c3a9c-27a3-4134-9f5c-8ddb4798e46c
Parent UUID:    41561de1-3132-5bd8-99fd-3508fa32387c
State:          created
Location:       /state/gw/root.vdi
"""
DVDS = """\
UUID:           5c30a4b9-7934-4c40-85cf-3b837f501fcb
State:          created
Type:           readonly
Location:       /state/gw/seed.iso
"""


def test_machines() -> None:
    assert vboxmanage.listed(VMS) == [
        Listed("ashore-demo-gw", "ade5d247-91b6-5d8e-ac42-039b655548f1"),
        Listed('a "quoted" name', "478fe8c2-9555-48e0-a783-3501d1e03cdc"),
        Listed("<inaccessible>", "2ebcca2c-048d-5653-82bd-57e94d526a11"),
    ]
    assert vboxmanage.listed("") == []


def test_one_machine() -> None:
    shown = vboxmanage.pairs(SHOWN)
    assert shown["memory"] == "1024"
    assert shown["SATA-0-0"] == "/state/gw/root.vdi"
    assert shown["Forwarding(0)"] == "ssh,tcp,127.0.0.1,24032,,22"
    assert shown["VMState"] == "poweroff"


def test_media() -> None:
    base, clone = vboxmanage.media(HDDS)
    assert base == Medium("41561de1-3132-5bd8-99fd-3508fa32387c", None, "/cache/a disk.vdi")
    assert clone.parent == base.uuid
    assert [m.location for m in vboxmanage.media(DVDS)] == ["/state/gw/seed.iso"]
    assert vboxmanage.media("\n") == []


def program(*lines: str) -> VBoxManage:
    return VBoxManage((sys.executable, "-c", "\n".join(lines)))


@pytest.mark.spawns
async def test_the_version_stands_on_the_last_line() -> None:
    vbox = program("print('WARNING: The vboxdrv kernel module'); print('7.2.22_Debianr174000')")
    assert await vbox.version() == (7, 2, 22)


@pytest.mark.spawns
async def test_an_error_with_exit_code_0_is_one() -> None:
    vbox = program("import sys", "print('VBoxManage: error: Not found', file=sys.stderr)")
    with pytest.raises(CommandFailed, match="VBoxManage: error: Not found"):
        await vbox(["list", "vms"])


@pytest.mark.spawns
async def test_a_call_that_found_no_server_is_made_again(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    vbox = program(
        "import pathlib, sys",
        f"tried = pathlib.Path({str(tried)!r})",
        "first = not tried.exists()",
        "tried.touch()",
        "said = 'VBoxManage: error: Failed to create the VirtualBox object!'",
        "sys.exit(said if first else print('done'))",
    )
    assert await vbox(["list", "vms"]) == "done"


@pytest.mark.spawns
async def test_one_registry_whatever_home_the_caller_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    found = await VBoxManage(["sh", "-c", 'echo "$HOME"'])([])
    assert found == pwd.getpwuid(os.geteuid()).pw_dir


async def test_what_is_not_installed_is_not_called() -> None:
    assert not VBoxManage(()).installed
    with pytest.raises(AshoreError, match="VBoxManage is not installed") as error:
        await VBoxManage(()).version()
    assert error.value.exit_code is ExitCode.HOST


def test_it_never_runs_in_the_control_group_of_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name, path: "/usr/bin/VBoxManage")
    monkeypatch.setattr(vboxmanage, "systemd_runs", lambda: True)
    command = vboxmanage.program()
    assert (command[0], command[-1]) == ("systemd-run", "VBoxManage")
    assert "--scope" in command
    monkeypatch.setattr("shutil.which", lambda _name, path: None)
    assert vboxmanage.program() == ()


@pytest.mark.spawns
def test_without_systemd_it_moves_into_the_group_that_it_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Hierarchies({"name=systemd": tmp_path}, None)
    monkeypatch.setattr("shutil.which", lambda _name, path: "/usr/bin/VBoxManage")
    monkeypatch.setattr(vboxmanage, "systemd_runs", lambda: False)
    monkeypatch.setattr(vboxmanage.cgroups, "hierarchies", lambda: found)
    *shell, last = vboxmanage.program()
    assert last == "VBoxManage"
    done = subprocess.run([*shell, "sh", "-c", "echo $$"], capture_output=True, check=True)
    assert (tmp_path / "cgroup.procs").read_bytes() == done.stdout
