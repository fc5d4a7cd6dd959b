"""What supply and image need to know of this computer."""

import platform
from collections.abc import Sequence

from ashore.errors import AshoreError, ExitCode

_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def architecture() -> str:
    """`amd64` or `arm64`. Raises AshoreError on anything else."""
    name = platform.machine()
    if name not in _NAMES:
        raise AshoreError(f"processor {name} is not supported", "", ExitCode.HOST)
    return _NAMES[name]


def tied(argv: Sequence[str]) -> list[str]:
    """The command, made to end with all its children and mounts when this process dies.

    A killed run would else leave a build behind that writes into what the
    next run makes. Needs root.
    """
    space = ["unshare", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"]
    return ["setpriv", "--pdeathsig", "KILL", *space, *argv]
