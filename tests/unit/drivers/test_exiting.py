import os
import signal
import subprocess

import pytest

from ashore.drivers.nspawn.supervise import exiting


def test_a_process_that_runs_is_not_exiting() -> None:
    assert not exiting(os.getpid())


@pytest.mark.spawns
def test_a_killed_process_is_exiting_before_and_after_it_is_waited_for() -> None:
    process = subprocess.Popen(["sleep", "300"], stdin=subprocess.DEVNULL)
    try:
        assert not exiting(process.pid)
        process.send_signal(signal.SIGKILL)
        # WNOWAIT: dead, but still there.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert exiting(process.pid)
    finally:
        process.kill()
        process.wait()
    assert exiting(process.pid)
