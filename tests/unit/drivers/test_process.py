import asyncio
import os
import subprocess
import sys

import pytest

from ashore.drivers.qemu import process
from ashore.drivers.shared.names import Names

# Dying, it first loses its command line, and its memory takes longer.
_BODY = "import signal; held = bytearray(1 << 28); print(len(held), flush=True); signal.pause()"


@pytest.mark.spawns
def test_a_killed_machine_has_ended_when_kill_returns() -> None:
    names = Names("ended")
    argv = ["qemu-system-none", "-c", _BODY, "-name", names.container("lb1")]
    with subprocess.Popen(argv, executable=sys.executable, stdout=subprocess.PIPE) as machine:
        try:
            assert machine.stdout is not None
            assert machine.stdout.readline()
            assert process.found(names) == {"lb1": [machine.pid]}
            asyncio.run(process.kill(names, "lb1"))
            assert os.waitid(os.P_PID, machine.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        finally:
            machine.kill()


async def test_nothing_to_kill_is_no_error() -> None:
    await process.kill(Names("ended"), "lb1")
