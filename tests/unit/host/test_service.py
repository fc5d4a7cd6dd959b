import pytest

from ashore.host import service
from ashore.host.run import Completed
from ashore.host.service import Service


@pytest.mark.parametrize(
    ("state", "kept"),
    [("active", True), ("activating", True), ("inactive", False), ("failed", False)],
)
async def test_a_unit_between_two_runs_is_kept(
    monkeypatch: pytest.MonkeyPatch, state: str, kept: bool
) -> None:
    async def run(argv: list[str], quiet: bool = False) -> Completed:
        assert argv[-1] == "ashore-trial.service"
        return Completed(tuple(argv), 0, f"{state}\n".encode(), b"", 0.0)

    monkeypatch.setattr(service, "run", run)
    monkeypatch.setattr(service, "systemd_runs", lambda: True)
    assert await Service("ashore-trial", "trial").kept() is kept


@pytest.mark.parametrize("pids", [[], [7]])
async def test_without_systemd_what_keeps_it_runs_itself(
    monkeypatch: pytest.MonkeyPatch, pids: list[int]
) -> None:
    monkeypatch.setattr(service, "systemd_runs", lambda: False)
    monkeypatch.setattr(Service, "processes", lambda _self: pids)
    assert await Service("ashore-trial", "trial").kept() is bool(pids)
