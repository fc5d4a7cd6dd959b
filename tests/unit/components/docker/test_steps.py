from ashore.components.docker.steps import Started, Stopped
from ashore.transport.fake import RecordingTransport

SHOW = "systemctl show *"


def worker(said: str) -> RecordingTransport:
    transport = RecordingTransport("w1")
    transport.answer(SHOW, said)
    transport.answer("systemctl *")
    transport.answer("docker version *", "26.1.5")
    return transport


async def test_docker_that_serves_is_left_alone() -> None:
    transport = worker("ActiveState=active\nUnitFileState=enabled\n")
    assert await Started(lambda _: transport, "w1").drift() == []


async def test_docker_is_asked_for_its_version_once_started() -> None:
    transport = worker("ActiveState=inactive\nUnitFileState=disabled\n")
    step = Started(lambda _: transport, "w1")
    assert len(await step.drift()) == 2
    await step.apply()
    assert transport.commands[1:] == [
        "systemctl enable --now --no-block docker.service",
        "docker version --format '{{.Server.Version}}'",
    ]


async def test_docker_that_the_file_no_longer_wants_is_stopped() -> None:
    transport = worker("ActiveState=active\nUnitFileState=enabled\n")
    step = Stopped(lambda _: transport, "w1")
    assert await step.drift() == ["Docker runs"]
    await step.apply()
    assert transport.commands[-1] == "systemctl disable --now docker.service docker.socket"
