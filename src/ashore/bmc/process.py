"""The Redfish service as a process that outlives the program that starts it."""

from ashore.host.service import Service


def service(stack: str) -> Service:
    """The process of a stack's service; its name cannot be taken for a machine's."""
    return Service(f"ashore-{stack}.bmc", f"Redfish service of the Ashore stack {stack}")
