"""What keeps a program running, on this host."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from ashore.host.service import Service, release, systemd_runs

SERVICE = Service("ashore-servicetrial.released", "trial of a service")
PROGRAM = "setsid sleep 300 & echo $! >{said}; exec sleep 300"


async def test_what_was_released_outlives_the_service(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a control group")
    if systemd_runs():
        pytest.skip("with systemd what is to stay is a unit of its own")
    said = tmp_path / "said"
    await SERVICE.start(["sh", "-c", PROGRAM.format(said=said)], tmp_path)
    started = 0
    try:
        deadline = time.monotonic() + 30
        while not (said.exists() and said.read_text().strip()):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        started = int(said.read_text())
        assert started in SERVICE.processes()
        release([started])
        await SERVICE.stop()
        assert SERVICE.processes() == []
        os.kill(started, 0)
    finally:
        await SERVICE.stop()
        if started:
            os.kill(started, signal.SIGKILL)
