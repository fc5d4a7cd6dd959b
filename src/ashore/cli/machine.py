"""`ashore shell`, `ashore exec`, `ashore ssh`: onto one machine."""

from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target

Name = Annotated[str, Parameter(help="a machine's name, as `ashore status` lists it")]
Command = Annotated[str, Parameter(allow_leading_hyphen=True, help="the command, after --")]


def shell(name: Name, *, target: Target | None = None) -> None:
    """Open a root shell on a machine; works before its network does."""
    from ashore.app.enter import enter

    enter(target or Target(), name, ("/bin/bash", "-l"))


def exec_(name: Name, *command: Command, target: Target | None = None) -> None:
    """Run a command on a machine as root and return its exit code."""
    from ashore.app.enter import enter

    enter(target or Target(), name, command)


def ssh(name: Name, *arguments: Command, target: Target | None = None) -> None:
    """Log in to a machine over SSH with the stack's own key and known host keys."""
    from ashore.app.enter import ssh as log_in

    log_in(target or Target(), name, arguments)
