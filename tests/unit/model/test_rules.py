import pytest

from ashore.model.load import loads_stack
from ashore.stack.violation import InvalidStackFile


def refused(text: str) -> InvalidStackFile:
    with pytest.raises(InvalidStackFile) as caught:
        loads_stack(text, "stack.yaml")
    return caught.value


def network(**keys: str) -> str:
    return "network: {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (network(cidr="10.77.0.0/25"), "network.cidr is too small: /25; /24 or larger"),
        (network(cidr="0.0.0.0/0"), "network.cidr is too large: /0; /8 or smaller"),
        (network(cidr="127.0.0.0/24"), "must be private addresses; 127.0.0.0/24 is loopback"),
        (network(cidr="169.254.0.0/16"), "is link-local"),
        (network(cidr="224.0.0.0/16"), "is multicast"),
        (network(cidr="240.0.0.0/8"), "is reserved"),
        (network(cidr="0.1.0.0/16"), "is reserved"),
        (network(cidr="10.96.4.0/24"), "network.cidr overlaps kubernetes.serviceCIDR"),
        (network(cidr="10.0.0.0/8"), "network.cidr overlaps kubernetes.podCIDR"),
        ("kubernetes: {podCIDR: 10.77.0.0/16}", "overlaps kubernetes.podCIDR (10.77.0.0/16)"),
        ("kubernetes: {podCIDR: 10.96.0.0/16}", "overlaps kubernetes.serviceCIDR"),
        ("kubernetes: {podCIDR: 10.244.0.0/25}", "is too small: /25 holds a /24 for 0 nodes"),
        ("kubernetes: {podCIDR: 10.244.0.0/22}", "for 4 nodes, but there are 5; /21 or larger"),
        ("kubernetes: {podCIDR: 64.0.0.0/2}", "kubernetes.podCIDR is too large"),
        ("kubernetes: {serviceCIDR: 10.96.0.0/29}", "is too small: /29; from /12 to /28"),
        ("kubernetes: {serviceCIDR: 10.0.0.0/11}", "is too large: /11; from /12 to /28"),
        (network(floatingIP="10.78.0.10"), "is outside network.cidr (10.77.0.0/24)"),
        (network(floatingIP="10.77.0.0"), "is no address for a machine"),
        (network(floatingIP="10.77.0.255"), "is no address for a machine"),
        (network(floatingIP="10.77.0.1"), "is planned for the host's end"),
        (network(floatingIP="10.77.0.2"), "is planned for the gateway; 10.77.0.10 is free"),
        (network(floatingIP="10.77.0.11"), "is planned for load balancers"),
        (network(floatingIP="10.77.0.29"), "is planned for control planes"),
        (network(floatingIP="10.77.0.40"), "is planned for storage machines"),
        (network(floatingIP="10.77.0.199"), "is planned for workers"),
        (network(floatingIP="10.77.0.229"), "is planned for DHCP leases"),
        (network(floatingIP="10.77.0.250"), "is planned for addresses of Kubernetes services"),
        (network(domain="cluster.local"), "is the domain of the cluster's own services"),
        (network(domain="x.cluster.local"), "is the domain of the cluster's own services"),
        (network(domain="a.localhost"), "cannot end in localhost"),
        (network(domain="a.10"), "cannot end in 10"),
        (
            "machines: {storage: {count: 2}}",
            "is 2: a replica volume is made of 3 machines or a multiple; "
            "possible are 0, 3, 6, 9, 12, 15, 18",
        ),
        ("disk: {size: 8GiB}", "disk.size is too small for its volumes: 8GiB; they need 13572MiB"),
        ("disk: {size: 9000GiB}", "disk.size is too large; at most 8192GiB"),
        (f"disk: {{size: {'9' * 400}GiB}}", "disk.size must be a size"),
        ("disk: {volumes: {var: 16GiB}}", "disk.size is too small for its volumes: 20GiB"),
        ("disk: {volumes: {usr: 2GiB, usr: 3GiB}}", "disk.volumes.usr is given twice"),
        (
            "machines: {storage: {count: 4}}\nstorage: {type: disperse}",
            "is 4: a disperse volume is made of 3 machines",
        ),
    ],
)
def test_a_rule_between_keys(text: str, said: str) -> None:
    assert said in refused(text).message


@pytest.mark.parametrize(
    "text",
    [
        network(floatingIP="10.77.0.10"),
        network(floatingIP="10.77.0.60"),
        network(cidr="10.78.0.0/16", floatingIP="10.78.9.9"),
        "kubernetes: {podCIDR: 10.244.0.0/21}",
        "kubernetes: {serviceCIDR: 10.96.0.0/28}",
        network(cidr="192.168.7.0/24", domain="lab"),
        "machines: {storage: {count: 0}}",
        "disk: {size: 8192GiB}",
        "machines: {storage: {count: 6}}\nstorage: {type: arbiter}",
    ],
)
def test_what_is_allowed(text: str) -> None:
    loads_stack(text)


def test_schema_and_rules_are_told_together() -> None:
    error = refused(
        "nmae: x\n"
        "network:\n"
        "  cidr: 10.96.0.0/24\n"
        "  floatingIP: 10.1.1.1\n"
        "machines: {controlplane: {count: 10}}\n"
    )
    assert [(v.place.line, v.key) for v in error.violations if v.place] == [
        (1, "nmae"),
        (3, "network.cidr"),
        (4, "network.floatingIP"),
        (5, "machines.controlplane.count"),
    ]


def test_no_rule_is_held_against_a_default_that_nobody_chose() -> None:
    error = refused("network:\n  cidr: 10.96.0.0/33\n  floatingIP: 10.1.1.1\n")
    assert [v.key for v in error.violations] == ["network.cidr"]


def test_the_key_that_the_user_wrote_is_marked() -> None:
    error = refused("kubernetes:\n  podCIDR: 10.77.0.0/16\n")
    assert [(v.place.line, v.place.column) for v in error.violations if v.place] == [(2, 12)]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (2, "is even: 2 need 2 alive and so survive no failure, no more than 1 do"),
        (4, "is even: 4 need 3 alive and so survive 1 failure, no more than 3 do"),
        (8, "is even: 8 need 5 alive and so survive 3 failures, no more than 7 do"),
    ],
)
def test_an_even_number_of_control_planes_is_a_warning(count: int, said: str) -> None:
    stack = loads_stack(f"machines: {{controlplane: {{count: {count}}}}}")
    assert stack.warnings == (f"machines.controlplane.count {said}",)


@pytest.mark.parametrize("count", [1, 3, 5, 7, 9])
def test_an_odd_number_is_none(count: int) -> None:
    assert loads_stack(f"machines: {{controlplane: {{count: {count}}}}}").warnings == ()


def test_a_domain_of_multicast_dns_is_a_warning() -> None:
    (warning,) = loads_stack(network(domain="lab.local")).warnings
    assert "multicast DNS" in warning


def bmcs(first: str, second: str, more: str = "") -> str:
    rest = "account: fence, passwordFile: /etc/ashore/password"
    both = f"lb1: {{{first}, {rest}}}, lb2: {{{second}, {rest}}}"
    return f"machines: {{loadbalancer: {{bmc: {{{both}}}}}}}\n{more}"


ONE = "address: 192.0.2.11, system: /redfish/v1/Systems/1"
TWO = "address: 192.0.2.11, system: /redfish/v1/Systems/2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bmcs(ONE, ONE), "bmc.lb2.system is machines.loadbalancer.bmc.lb1's too"),
        (
            bmcs(ONE, TWO, "network: {uplink: none}"),
            "bmc.lb1.address is outside network.cidr, where nothing gets to",
        ),
        (bmcs(ONE.replace("192.0.2.11", "10.77.0.3"), TWO), "is planned for the machines' Redfish"),
    ],
)
def test_a_bmc_that_would_power_off_the_wrong_machine_or_none(text: str, said: str) -> None:
    assert said in refused(text).message


def test_two_systems_behind_one_address_are_two_machines() -> None:
    stack = loads_stack(bmcs(ONE, TWO))
    given = {m.name: m.bmc.system for m in stack.machines if m.bmc is not None}
    assert given == {"lb1": "/redfish/v1/Systems/1", "lb2": "/redfish/v1/Systems/2"}


def test_a_bmc_inside_of_the_stacks_network_needs_no_uplink() -> None:
    inside = ONE.replace("192.0.2.11", "10.77.0.60")
    more = "network: {uplink: none}"
    assert loads_stack(bmcs(inside, inside.replace("Systems/1", "Systems/2"), more)).machines
