import hashlib
import json
from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest

from ashore.components.cloudinit import probe
from ashore.components.cloudinit.steps import Boot, Config
from ashore.errors import AshoreError
from ashore.model.fragment import File
from tests.unit.components.fakes import FakeTransport

ADDRESS = IPv4Address("10.77.0.11")
MARK = "--ashore--\n"
HAS = f"2: eth0    inet {ADDRESS}/24 brd 10.77.0.255 scope global dynamic eth0\n"


def result(*errors: str) -> str:
    return json.dumps({"v1": {"datasource": "NoCloud", "errors": list(errors)}}, indent=1)


def boot(text: str) -> tuple[Boot, FakeTransport]:
    transport = FakeTransport(lambda argv: (0, text if argv[0] == "sh" else "last line"))
    return Boot(lambda _: transport, "m1", ADDRESS), transport


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MARK, ["cloud-init has not ended"]),
        (MARK + HAS, ["cloud-init has not ended"]),
        (result() + MARK + HAS, []),
        (result() + MARK, ["it has no 10.77.0.11"]),
        (result("no") + MARK + HAS, ["cloud-init: no"]),
    ],
)
async def test_what_is_missing_after_power_on(text: str, expected: list[str]) -> None:
    step, _ = boot(text)
    assert await step.drift() == expected


async def test_errors_of_cloud_init_are_named_with_its_output() -> None:
    step, transport = boot(result("('scripts_user', RuntimeError())") + MARK + HAS)
    with pytest.raises(AshoreError, match=r"scripts_user[^$]*\nlast line"):
        await step.apply()
    assert transport.asked[-1][0] == "tail"


GOOD = File("/etc/good", "good\n")
STALE = File("/etc/stale", "new\n", mode=0o600, notify="systemctl reload stale")
OTHER = File("/etc/other", "x\n", notify="systemctl reload stale")
GONE = File("/etc/gone", b"\0\1", owner="a:b", notify="systemctl restart gone")


def seen(file: File, text: str, mode: str = "644", owner: str = "root:root") -> tuple[str, str]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{mode} {owner} {file.path}\n", f"{digest}  {file.path}\n"


def config(pending: str = "", *files: File) -> tuple[Config, FakeTransport]:
    lines = [seen(GOOD, "good\n"), seen(STALE, "old\n", "600"), seen(OTHER, "x\n", "640")]
    listing = "".join(a for a, _ in lines) + "\n" + "".join(b for _, b in lines)

    def answer(argv: Sequence[str]) -> tuple[int, str]:
        if argv[0] == "cat":
            return (0, pending) if pending else (1, "")
        return (1, listing) if "stat" in " ".join(argv) else (0, "")

    transport = FakeTransport(answer)
    return Config(lambda _: transport, "m1", files), transport


async def test_differences_of_files() -> None:
    step, _ = config("", GOOD, STALE, OTHER, GONE)
    assert await step.drift() == [
        "/etc/stale differs",
        "/etc/other is 0640 root:root",
        "/etc/gone is missing",
    ]


async def test_changed_files_are_written_and_each_command_runs_once() -> None:
    step, transport = config("", GOOD, STALE, OTHER, GONE)
    await step.apply()
    assert transport.files.pop(probe.PENDING)[0].splitlines() == [
        b"systemctl reload stale",
        b"systemctl restart gone",
    ]
    assert transport.files == {
        "/etc/stale": (b"new\n", 0o600, "root:root"),
        "/etc/other": (b"x\n", 0o644, "root:root"),
        "/etc/gone": (b"\0\1", 0o644, "a:b"),
    }
    assert transport.asked[-3:] == [
        ["sh", "-c", "systemctl reload stale"],
        ["sh", "-c", "systemctl restart gone"],
        ["rm", "-f", probe.PENDING],
    ]


async def test_a_command_that_was_interrupted_runs_again() -> None:
    step, transport = config("systemctl reload stale\n", GOOD)
    assert await step.drift() == ["not done yet: systemctl reload stale"]
    await step.apply()
    assert ["sh", "-c", "systemctl reload stale"] in transport.asked
