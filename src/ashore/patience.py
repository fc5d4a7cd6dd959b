"""How many times longer than usual things may take on this computer."""

import math
import os

from ashore.errors import AshoreError, ExitCode

VARIABLE = "ASHORE_PATIENCE"
_MOST = 100.0


def patience() -> float:
    """The factor by which every deadline of commands, requests and waits is longer.

    Deadlines are told for a computer of two processors that is busy; one that
    is emulated by software, or shared by many, needs ten times as long.

    Raises:
        AshoreError: the variable is no number from 1 to 100 (exit code USAGE).
    """
    given = os.environ.get(VARIABLE) or "1"
    try:
        factor = float(given)
    except ValueError:
        factor = math.nan
    if not 1 <= factor <= _MOST:
        raise AshoreError(
            f"{VARIABLE} is {given!r}",
            f"a number from 1 to {_MOST:.0f}: how many times longer everything may take",
            ExitCode.USAGE,
        )
    return factor
