"""The stack as plain text, for terminals, logs and mail."""

from collections.abc import Iterator, Mapping

from ashore.model.types import Role, Stack
from ashore.picture.legend import TITLES, components, fabric, limits

Row = tuple[str, str, str, str]
"""Branch with title, name, address, remark."""


def plain(stack: Stack, status: Mapping[str, bool] | None = None) -> str:
    """The picture; with `status` (machine -> is it well) each machine carries a word."""
    network, kube = stack.network, stack.kubernetes
    link, bus = fabric(stack)
    rows = [
        ("this computer", "", str(network.host), ""),
        (f"│ {link}", "", "", ""),
        (bus, "", "", ""),
    ]
    roles = [role for role in Role if role is not Role.STORAGE or stack.storage]
    for role in roles:
        rows += _role(stack, role, status or {}, last=role is roles[-1])
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True))
        for row in rows
    ]
    return "\n".join(
        [
            f"{stack.name}: {network.cidr}, {network.domain}",
            "",
            *(line.rstrip() for line in lines),
            "",
            f"Kubernetes {kube.version}: pods {kube.pod_cidr}, services {kube.service_cidr}, "
            f"CoreDNS {kube.dns}",
            "",
        ]
    )


def _role(stack: Stack, role: Role, status: Mapping[str, bool], *, last: bool) -> Iterator[Row]:
    branch = f"{'└─' if last else '├─'} {TITLES[role].lower()}"
    stem = " " if last else "│"
    machines = stack.of_role(role)
    about = ", ".join(components(stack, role))
    yield (branch, "", "", f"{about} ({limits(machines[0])})" if machines else "none")
    if role is Role.LOADBALANCER:
        yield (stem, "api", str(stack.network.floating), "floating IP")
    for machine in machines:
        word = {True: "up", False: "down", None: ""}[status.get(machine.name)]
        yield (stem, machine.name, str(machine.address), word)
