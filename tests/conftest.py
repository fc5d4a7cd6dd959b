"""Unit tests cannot start programs: one that would has a wrong idea of a unit."""

import asyncio
import subprocess
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def no_programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "unit" not in request.path.parts or request.node.get_closest_marker("spawns"):
        return

    def refuse(*arguments: Any, **_: Any) -> NoReturn:
        raise AssertionError(f"a unit test wants to start {arguments[:1]}; mark it `spawns`")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
