import pytest

from ashore.transport.base import CommandFailed, Transport

pytestmark = pytest.mark.machines


async def test_run_gives_output_and_return_code(transport: Transport) -> None:
    done = await transport.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert (done.text, done.stderr, done.returncode) == ("out", b"err\n", 3)


async def test_a_failure_carries_what_was_printed(transport: Transport) -> None:
    with pytest.raises(CommandFailed, match="no such luck"):
        await transport.run(["sh", "-c", "echo no such luck >&2; exit 1"])


async def test_a_missing_program_is_a_failure(transport: Transport) -> None:
    with pytest.raises(CommandFailed, match="no-such-program"):
        await transport.run(["no-such-program"])


async def test_arguments_are_not_interpreted(transport: Transport) -> None:
    argument = "a b; $HOME 'q' \"d\" \\ *"
    assert (await transport.run(["printf", "%s", argument])).stdout.decode() == argument


async def test_standard_input_is_what_was_given_or_empty(transport: Transport) -> None:
    assert (await transport.run(["cat"], stdin=b"\0\xff")).stdout == b"\0\xff"
    assert (await transport.run(["cat"])).stdout == b""


async def test_the_environment_is_the_machines_own(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://host.invalid")
    done = await transport.run(["env"], env={"GIVEN": "a b"})
    variables = dict(line.split("=", 1) for line in done.text.splitlines())
    assert variables["GIVEN"] == "a b"
    assert "/usr/sbin" in variables["PATH"]
    assert "http_proxy" not in variables


async def test_a_command_without_end_is_ended(transport: Transport) -> None:
    with pytest.raises(CommandFailed, match="no end after"):
        await transport.run(["sleep", "3731"], timeout=0.3)
    # Brackets, so that what runs pgrep does not match.
    left = await transport.run(["pgrep", "-f", "[s]leep 3731"], check=False)
    assert left.text == ""


async def test_a_command_that_was_stopped_ends_once_it_is_continued(transport: Transport) -> None:
    # A machine that shuts down stops all of its processes, and continues them.
    continues = 'until grep -q "^State:.T" /proc/$$/status; do :; done; kill -CONT $$'
    done = await transport.run(["sh", "-c", f"({continues}) & kill -STOP $$; wait; echo on"])
    assert done.text == "on"


async def test_put_writes_content_mode_and_owner(transport: Transport) -> None:
    content = bytes(range(256)) * 1000
    await transport.put("/etc/new/deep/file", content, mode=0o4750, owner="daemon:adm")
    assert await transport.get("/etc/new/deep/file") == content
    stat = await transport.run(["stat", "-c", "%a %U:%G", "/etc/new/deep/file"])
    assert stat.text == "4750 daemon:adm"


async def test_put_replaces_and_leaves_nothing_beside(transport: Transport) -> None:
    for content in (b"first", b""):
        await transport.put("/etc/again/file", content, mode=0o600)
        assert await transport.get("/etc/again/file") == content
    assert (await transport.run(["ls", "-A", "/etc/again"])).text == "file"
    assert (await transport.run(["stat", "-c", "%a", "/etc/again/file"])).text == "600"


async def test_put_onto_a_directory_fails_and_leaves_it(transport: Transport) -> None:
    with pytest.raises(CommandFailed):
        await transport.put("/etc/systemd", b"x")
    await transport.run(["test", "-d", "/etc/systemd"])
    assert "ashore-" not in (await transport.run(["ls", "-A", "/etc"])).text.replace("-early", "")


async def test_get_of_nothing_is_a_failure(transport: Transport) -> None:
    with pytest.raises(CommandFailed):
        await transport.get("/etc/nothing")


async def test_what_a_command_uses_is_the_machines(transport: Transport) -> None:
    groups = (await transport.run(["cat", "/proc/self/cgroup"])).text
    assert "/.." not in groups
