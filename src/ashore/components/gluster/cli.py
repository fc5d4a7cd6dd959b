"""The `gluster` command on a machine."""

import asyncio
import time
import xml.etree.ElementTree as ET

from ashore.components.wait import ask
from ashore.transport.base import CommandFailed, Connect

_CHANGES = 120.0
"""Seconds for a command that changes something on every machine; the CLI's own limit."""

_BUSY = ("Another transaction is in progress", "Locking failed", "Please try again")
_TURN = 60.0
"""Seconds to wait for others that change something; Gluster lets one at a time."""


async def tell(connect: Connect, machine: str, *words: str) -> None:
    """Have something changed.

    Raises:
        CommandFailed: refused; what Gluster says is in the message.
        MachineDown: the machine cannot be asked.
    """
    deadline = time.monotonic() + _TURN
    while True:
        try:
            await connect(machine).run(["gluster", "--mode=script", *words], timeout=_CHANGES)
        except CommandFailed as error:
            if time.monotonic() > deadline or not any(b in error.message for b in _BUSY):
                raise
            await asyncio.sleep(0.5)
        else:
            return


async def answer(
    connect: Connect, machine: str, *words: str, seconds: float = 15, refusal: str = ""
) -> ET.Element:
    """Ask for something.

    Args:
        refusal: words in what Gluster may refuse with; that is an answer, too.

    Raises:
        CommandFailed: no answer, or a refusal.
        MachineDown: the machine cannot be asked.
    """
    argv = ["gluster", "--mode=script", "--xml", *words]
    done = await ask(connect, machine, argv, seconds=seconds)
    said = f"not within {seconds:.0f} s"
    if done is not None:
        said = done.text.strip() or done.stderr.decode(errors="replace").strip()
        if said.startswith("<?xml"):
            root = ET.fromstring(said)  # noqa: S314 - our own machine's answer
            said = root.findtext("opErrstr") or "refused"
            if root.findtext("opRet") == "0" or (refusal and refusal in said):
                return root
    raise CommandFailed(f"{machine}: gluster {' '.join(words)}: {said}", "", done)
