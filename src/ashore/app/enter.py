"""Onto a machine, or into its cluster: this process becomes the command."""

import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from ashore.app.select import Chosen, Wish, select
from ashore.app.session import Session, login, open_session
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import environment, require_root
from ashore.model.types import Machine, Role


def enter(wish: Wish, name: str, command: Sequence[str]) -> NoReturn:
    """Run a command on a machine as root, with this terminal.

    Raises:
        AshoreError: no such machine, or it is not running.
    """
    require_root("exec")
    if not command:
        raise AshoreError("no command", f"ashore exec {name} -- COMMAND", ExitCode.USAGE)
    session = open_session(select(wish))
    machine = _machine(session, name)
    terminal = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    _become(session.driver.transport(machine.name).argv(command, terminal))


def ssh(wish: Wish, name: str, arguments: Sequence[str]) -> NoReturn:
    """Log in over the network, as any other SSH client would."""
    require_root("ssh")
    session = open_session(select(wish))
    machine = _machine(session, name)
    _require_link(session.chosen)
    files = login(session.context, session.state)
    options = {
        "IdentityFile": str(files.key),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(files.known),
        "StrictHostKeyChecking": "yes",
        "ConnectTimeout": "10",
        # From the link into the stack or not at all; see `transport.https.Client`.
        "BindAddress": str(session.stack.network.host),
    }
    flags = [part for k, v in options.items() for part in ("-o", f"{k}={v}")]
    _become(["ssh", "-F", "none", *flags, f"root@{machine.address}", *arguments])


def kubectl(wish: Wish, arguments: Sequence[str]) -> NoReturn:
    """Run kubectl of the stack's own version with the stack's kubeconfig."""
    require_root("kubectl")
    chosen = select(wish)
    program = _program(chosen, "kubectl")
    config = kubeconfig_path(chosen)
    _require_link(chosen)
    _become([program, *arguments], {"KUBECONFIG": config})


def docker(wish: Wish, arguments: Sequence[str], on: str | None) -> NoReturn:
    """Run the Docker client of a worker there, with this terminal.

    Args:
        on: the worker; the first one if None.

    Raises:
        AshoreError: no Docker there, or a build's directory cannot be used.
    """
    from ashore.app.context import sent

    require_root("docker")
    session = open_session(select(wish))
    workers = session.stack.of_role(Role.WORKER) if session.stack.docker else ()
    names = [worker.name for worker in workers]
    if not names or on not in (None, *names):
        has = f"Docker runs on {', '.join(names)}" if names else "no machine runs Docker"
        raise AshoreError(f"{session.stack.name}: {has}", "", ExitCode.USAGE)
    command, context = sent(arguments)
    if context is not None:
        # What is exec'ed below reads the context as its standard input.
        os.dup2(context.fileno(), 0)
    terminal = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    _become(session.driver.transport(on or names[0]).argv(["docker", *command], terminal))


def kubeconfig_path(chosen: Chosen) -> str:
    """Where the stack's kubeconfig lies. Raises AshoreError if `up` has not made it yet."""
    path = chosen.state.files / "kubeconfig"
    if not path.exists():
        raise AshoreError(f"{chosen.stack.name} has no kubeconfig yet", "`ashore up` makes it")
    return str(path)


def _require_link(chosen: Chosen) -> None:
    """The stack's addresses are the stack's only while the link is there."""
    with socket.socket() as probe:
        try:
            probe.bind((str(chosen.stack.network.host), 0))
        except OSError as error:
            raise AshoreError(
                f"this computer has no link into {chosen.stack.name}", "`ashore up` lays it"
            ) from error


def _machine(session: Session, name: str) -> Machine:
    machine = session.stack.machine(name)
    if machine is None:
        names = ", ".join(m.name for m in session.stack.machines)
        raise AshoreError(
            f"{session.stack.name} has no machine {name}", f"there are: {names}", ExitCode.USAGE
        )
    return machine


def _program(chosen: Chosen, name: str) -> str:
    from ashore.image.build import planned

    for layer in planned(chosen.stack, chosen.cache).layers:
        path = layer / "usr" / "bin" / name
        if path.exists():
            return str(path)
    raise AshoreError(f"{name} is not in the cache", "`ashore up` obtains it")


def _become(argv: Sequence[str], extra: dict[str, str] | None = None) -> NoReturn:
    sys.stdout.flush()
    try:
        os.execvpe(argv[0], list(argv), environment(extra))  # noqa: S606
    except FileNotFoundError as error:
        raise AshoreError(
            f"{argv[0]}: not found on this host", "`ashore doctor` names what is missing"
        ) from error
