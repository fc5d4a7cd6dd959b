"""The process: `python -I -m MODULE --config FILE`, where MODULE knows the drivers."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ashore.bmc import config
from ashore.bmc.power import States
from ashore.bmc.server import serve
from ashore.drivers.base import Power
from ashore.errors import AshoreError, ExitCode

Factory = Callable[[config.Config], tuple[Power, States]]
"""Makes the driver that the configuration names; called once, before anything is served."""


def main(factory: Factory, arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve Redfish for the machines of a stack.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    file = parser.parse_args(arguments).config
    try:
        loaded = config.load(file)
        power, states = factory(loaded)
        asyncio.run(serve(power, states, loaded))
    except (AshoreError, OSError) as error:
        hint = f" ({error.hint})" if isinstance(error, AshoreError) and error.hint else ""
        print(f"{error}{hint}", file=sys.stderr)  # noqa: T201
        return error.exit_code if isinstance(error, AshoreError) else ExitCode.FAILED
    return ExitCode.DONE
