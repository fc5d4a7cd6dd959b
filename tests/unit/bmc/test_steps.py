from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.bmc import probe
from ashore.bmc.steps import Redfish, password
from ashore.pki.authority import make_ca


class Kept:
    def __init__(self) -> None:
        self.names: dict[str, bytes] = {}

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        return self.names.setdefault(name, make())


@pytest.fixture
def step(tmp_path: Path) -> Redfish:
    return Redfish(
        stack="demo",
        driver="nspawn",
        machines=("lb1", "lb2"),
        namespace="/run/netns/ashore-demo",
        address=IPv4Address("10.77.0.3"),
        secrets=Kept(),
        ca=make_ca("demo"),
        directory=tmp_path,
        log=tmp_path / "log",
        program=lambda file: ["python", str(file)],
    )


async def test_it_is_in_place_when_its_own_configuration_is_served(
    step: Redfish, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def served(address: str, port: int, ca: bytes) -> str:
        asked.append(f"{address}:{port}")
        assert ca == step.ca.cert
        return "of another time" if len(asked) == 1 else first

    first = ""
    monkeypatch.setattr(probe, "version", served)
    assert await step.drift() == ["its configuration differs"]
    first = _version(step)
    assert await step.drift() == []
    assert await replace(step, machines=("lb1",)).drift() == ["its configuration differs"]
    assert asked == ["10.77.0.3:8443"] * 3


async def test_no_answer_is_a_difference(step: Redfish, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> str:
        raise probe.NoAnswer("10.77.0.3:8443: refused")

    monkeypatch.setattr(probe, "version", refused)
    assert await step.drift() == ["it does not answer: 10.77.0.3:8443: refused"]


def test_each_machine_has_a_password_of_its_own(step: Redfish) -> None:
    first, second = password(step.secrets, "lb1"), password(step.secrets, "lb2")
    assert first != second
    assert len(first) == 64
    assert password(step.secrets, "lb1") == first
    assert first not in repr(step)


def _version(step: Redfish) -> str:
    return step._config(step._certificate()).version  # pyright: ignore[reportPrivateUsage]
