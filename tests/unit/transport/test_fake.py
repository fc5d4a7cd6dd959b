import pytest

from ashore.transport.base import CommandFailed, MachineDown, Transport
from ashore.transport.fake import RecordingTransport


async def test_answers_by_pattern_in_order_and_repeats_the_last() -> None:
    fake = RecordingTransport()
    fake.answer("systemctl is-active *", "activating", returncode=3)
    fake.answer("systemctl is-active *", "active")
    fake.answer("*", "anything")
    transport: Transport = fake
    states = [
        (await transport.run(["systemctl", "is-active", "x"], check=False)).text for _ in range(3)
    ]
    assert states == ["activating", "active", "active"]
    assert (await transport.run(["ls"], stdin=b"in")).text == "anything"
    assert fake.commands[-1] == "ls"
    assert fake.inputs[-1] == b"in"


async def test_failures() -> None:
    fake = RecordingTransport("cp1")
    fake.answer("false", stderr="why", returncode=1)
    fake.fail("uptime", MachineDown("cp1", "off"))
    with pytest.raises(CommandFailed, match="why"):
        await fake.run(["false"])
    with pytest.raises(MachineDown):
        await fake.run(["uptime"])
    with pytest.raises(AssertionError, match="no answer scripted for: who"):
        await fake.run(["who"])


async def test_files() -> None:
    fake = RecordingTransport()
    await fake.put("/etc/a", b"x", mode=0o600, owner="a:b")
    assert (fake.files["/etc/a"].mode, fake.files["/etc/a"].owner) == (0o600, "a:b")
    assert await fake.get("/etc/a") == b"x"
    with pytest.raises(CommandFailed):
        await fake.get("/etc/b")
