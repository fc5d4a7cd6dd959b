"""The cluster's configuration (CIB), from the model."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from ashore.model.types import Role, Stack

IP, HAPROXY = "floating-ip", "haproxy"
POWER_ON = "/usr/local/libexec/ashore/power-on-fenced"
"""The alert agent that powers a load balancer on again after it was fenced."""

# Of the version in the golden image (3.0); a later Pacemaker upgrades it itself.
_SCHEMA, _FEATURES = "pacemaker-4.0", "3.20.0"


@dataclass(frozen=True, slots=True)
class FenceDevice:
    """A BMC by which one load balancer can be powered off, over Redfish.

    Attributes:
        target: the load balancer that it powers off.
        system: path of the system's resource (`/redfish/v1/Systems/lb1`).
        account, password: one account for each target.
        authority: certificate (PEM) that vouches for the BMC; empty if the
            load balancers trust it anyway.
    """

    target: str
    address: str
    port: int
    system: str
    account: str
    password: str = field(repr=False)
    authority: str = ""

    @property
    def name(self) -> str:
        return device(self.target)


def device(target: str) -> str:
    """The name of the fence device that powers a load balancer off."""
    return f"fence-{target}"


def render(stack: Stack, fences: Sequence[FenceDevice], slower: int = 1) -> str:
    """The whole CIB of a cluster that has never run.

    Without a fence device the cluster stops what it cannot be sure of (no
    quorum: stop); with them it fences before it takes anything over.

    Args:
        slower: how many times longer than usual things take (`HostFacts.slower`).
    """
    root = Element(
        "cib",
        {
            "crm_feature_set": _FEATURES,
            "validate-with": _SCHEMA,
            "admin_epoch": "0",
            "epoch": "1",
            "num_updates": "0",
        },
    )
    configuration = SubElement(root, "configuration")
    crm_config = SubElement(configuration, "crm_config")
    properties = _properties(bool(fences), slower)
    _pairs(crm_config, "cluster_property_set", "cib-bootstrap-options", properties)
    nodes = SubElement(configuration, "nodes")
    for machine in stack.of_role(Role.LOADBALANCER):
        SubElement(nodes, "node", id=str(machine.index), uname=machine.name)
    resources = SubElement(configuration, "resources")
    for fence in fences:
        _fence(resources, fence, slower)
    _haproxy(resources, slower)
    _floating(resources, stack, slower)
    _constraints(SubElement(configuration, "constraints"), fences)
    defaults = SubElement(configuration, "rsc_defaults")
    _pairs(
        defaults,
        "meta_attributes",
        "rsc-defaults",
        {
            "resource-stickiness": "100",
            "failure-timeout": _longer("20s", slower),
            "migration-threshold": "1",
        },
    )
    if fences:
        _alerts(configuration)
    SubElement(root, "status")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _properties(fencing: bool, slower: int) -> dict[str, str]:
    return {
        "stonith-enabled": "true" if fencing else "false",
        "stonith-timeout": _longer("20s", slower),
        # What is off holds no address: nobody has to wait until it is on again.
        "stonith-action": "off",
        # Pacemaker 3.0 sleeps a second if a change of its own is still on its way
        # when it asks for the cluster's state; the vote of the quorum device holds
        # changes up for 90 ms.
        "transition-delay": _longer("200ms", slower),
        "no-quorum-policy": "stop",
        # How long a starting node looks for a cluster before it proposes itself. The
        # stock 20 s are for clusters whose nodes boot at different times.
        "dc-deadtime": _longer("500ms", slower),
        "cluster-recheck-interval": "30s",
        "start-failure-is-fatal": "false",
    }


def _haproxy(resources: Element, slower: int) -> None:
    clone = SubElement(resources, "clone", id=f"{HAPROXY}-clone")
    _pairs(clone, "meta_attributes", f"{HAPROXY}-clone-meta", {"interleave": "true"})
    primitive = SubElement(
        clone,
        "primitive",
        {"id": HAPROXY, "class": "ocf", "provider": "ashore", "type": "haproxy"},
    )
    _operations(
        primitive,
        {"start": ("0s", "20s"), "stop": ("0s", "20s"), "monitor": ("500ms", "5s")},
        slower,
    )


def _floating(resources: Element, stack: Stack, slower: int) -> None:
    primitive = SubElement(
        resources,
        "primitive",
        {"id": IP, "class": "ocf", "provider": "heartbeat", "type": "IPaddr2"},
    )
    _pairs(
        primitive,
        "instance_attributes",
        f"{IP}-attributes",
        {
            "ip": str(stack.network.floating),
            "cidr_netmask": str(stack.network.cidr.prefixlen),
            "nic": "eth0",
            # Neighbours learn the new place at once; the start does not wait.
            "arp_count": "5",
            "arp_interval": "100",
            "arp_bg": "true",
        },
    )
    _operations(
        primitive,
        {"start": ("0s", "20s"), "stop": ("0s", "20s"), "monitor": ("5s", "20s")},
        slower,
    )


def _fence(resources: Element, fence: FenceDevice, slower: int) -> None:
    primitive = SubElement(
        resources,
        "primitive",
        {"id": fence.name, "class": "stonith", "type": "fence_redfish"},
    )
    _pairs(
        primitive,
        "instance_attributes",
        f"{fence.name}-attributes",
        {
            "ip": fence.address,
            "ipport": str(fence.port),
            "username": fence.account,
            "password": fence.password,
            "ssl_secure": "1",
            "systems_uri": fence.system,
            "pcmk_host_list": fence.target,
            "pcmk_host_check": "static-list",
            "pcmk_off_timeout": _longer("15s", slower),
        },
    )
    # One late answer of a BMC must not ban it, or nothing is taken over.
    _pairs(primitive, "meta_attributes", f"{fence.name}-meta", {"migration-threshold": "10"})
    _operations(primitive, {"monitor": ("60s", "20s")}, slower)


def _alerts(configuration: Element) -> None:
    alert = SubElement(SubElement(configuration, "alerts"), "alert", id="fenced", path=POWER_ON)
    SubElement(SubElement(alert, "select"), "select_fencing")


def _constraints(constraints: Element, fences: Sequence[FenceDevice]) -> None:
    for fence in fences:
        SubElement(
            constraints,
            "rsc_location",
            {
                "id": f"{fence.name}-elsewhere",
                "rsc": fence.name,
                "node": fence.target,
                "score": "-INFINITY",
            },
        )
    SubElement(
        constraints,
        "rsc_colocation",
        {
            "id": f"{IP}-with-{HAPROXY}",
            "rsc": IP,
            "with-rsc": f"{HAPROXY}-clone",
            "score": "INFINITY",
        },
    )
    _beside_the_coordinator(constraints)
    SubElement(
        constraints,
        "rsc_order",
        {
            "id": f"{HAPROXY}-then-{IP}",
            "first": f"{HAPROXY}-clone",
            "then": IP,
            "kind": "Optional",
        },
    )


def _beside_the_coordinator(constraints: Element) -> None:
    """The floating IP is placed on the coordinator (DC), if it has to be placed anyway.

    A coordinator that outlives the holder asks for the state of the cluster
    before its own changes are written, and then Pacemaker 3.0 pauses a second,
    or two. A node that becomes coordinator does not. Weaker than stickiness:
    nothing moves because of it.
    """
    place = SubElement(constraints, "rsc_location", {"id": f"{IP}-beside-dc", "rsc": IP})
    rule = SubElement(place, "rule", id=f"{IP}-beside-dc-rule", score="50")
    SubElement(
        rule,
        "expression",
        {"id": f"{IP}-beside-dc-expr", "attribute": "#is_dc", "operation": "eq", "value": "true"},
    )


def _pairs(parent: Element, tag: str, identity: str, pairs: Mapping[str, str]) -> None:
    """A set of name-value pairs, with the ids that the schema asks for."""
    group = SubElement(parent, tag, id=identity)
    for name, value in pairs.items():
        SubElement(group, "nvpair", id=f"{identity}-{name}", name=name, value=value)


def _longer(time: str, slower: int) -> str:
    """So many times as long: `500ms`, `20s`."""
    number = time.rstrip("ms")
    return f"{int(number) * slower}{time.removeprefix(number)}"


def _operations(primitive: Element, operations: Mapping[str, tuple[str, str]], slower: int) -> None:
    """Operations of a resource: name -> (interval, timeout)."""
    parent = SubElement(primitive, "operations")
    for name, (interval, timeout) in operations.items():
        SubElement(
            parent,
            "op",
            id=f"{primitive.get('id')}-{name}",
            name=name,
            interval=_longer(interval, slower),
            timeout=_longer(timeout, slower),
        )
