"""Services of type LoadBalancer: an address of the plan, a name, a page; and `kubectl top`."""

import json
import urllib.request
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.machine.conftest import Ashore, eventually
from tests.machine.objects import apply, pause_image, pod

GATEWAY = "10.90.0.2"
# What a resolver waits for an answer, in seconds: resolv.conf(5), timeout.
RESOLVER = 5
NAME = "page.default.test.internal"
POOL = range(int(IPv4Address("10.90.0.230")), int(IPv4Address("10.90.0.254")) + 1)


def _service(policy: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "page"},
        "spec": {
            "type": "LoadBalancer",
            "externalTrafficPolicy": policy,
            "selector": {"app": "page"},
            "ports": [{"port": 80, "targetPort": 8000}],
        },
    }


def _address(stack: Ashore) -> str:
    return stack.kubectl(
        "get", "service", "page", "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}", code=None
    )


def _resolved(name: str) -> list[str]:
    query = dns.message.make_query(name, "A")
    try:
        answer = dns.query.udp(query, GATEWAY, timeout=RESOLVER)
    except dns.exception.Timeout:
        return ["no answer"]
    return [str(each) for found in answer.answer for each in found]


def _read(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - the stack's own
            return page.read().decode()
    except OSError as error:
        return str(error)


@pytest.fixture(scope="module")
def page(stack: Ashore) -> Iterator[Ashore]:
    """A page on w1 behind a Service of type LoadBalancer."""
    command = ("/usr/bin/python3", "-m", "http.server", "8000", "--directory")
    server = pod("page", "w1", pause_image(stack), *command, "/usr/share/common-licenses")
    apply(stack, server, _service("Cluster"))
    try:
        stack.kubectl("wait", "--for=condition=Ready", "--timeout=120s", "pod/page", seconds=150)
        yield stack
    finally:
        stack.kubectl("delete", "pod/page", "service/page", "--ignore-not-found", code=None)


def test_a_service_has_an_address_of_the_plan_and_answers_there(page: Ashore) -> None:
    address = eventually("address", lambda: _address(page))
    assert int(IPv4Address(address)) in POOL
    eventually("page", lambda: "Apache-2.0" in _read(f"http://{address}/"))


def test_its_name_is_resolved_on_every_machine(page: Ashore) -> None:
    address = eventually("address", lambda: _address(page))
    eventually("name", lambda: _resolved(NAME) == [address])
    for machine in ("gw", "lb1", "w2"):
        assert address in page.exec(machine, "getent", "ahostsv4", NAME)


def test_only_the_node_of_the_pod_announces_a_local_one(page: Ashore) -> None:
    apply(page, _service("Local"))

    def announced() -> list[str]:
        found = json.loads(
            page.kubectl("-n", "metallb-system", "get", "servicel2statuses", "-o", "json")
        )
        return [i["status"]["node"] for i in found["items"] if i.get("status")]

    eventually("announcer", lambda: announced() == ["w1"])
    eventually("page", lambda: "Apache-2.0" in _read(f"http://{_address(page)}/"))


def test_status_counts_the_address(page: Ashore) -> None:
    def used() -> Any:
        services = page.json("status", code=None)["services"]
        return services if services["used"] else None

    services = eventually("used", used)
    assert (services["used"], services["addresses"]) == (1, 25)


def test_machines_are_told_from_strangers(page: Ashore) -> None:
    assert _resolved("cp1.test.internal") == ["10.90.0.21"]
    query = dns.message.make_query("nosuch.test.internal", "A")
    answer = dns.query.udp(query, GATEWAY, timeout=RESOLVER)
    assert answer.rcode() == dns.rcode.NXDOMAIN


def test_address_and_name_go_with_the_service(page: Ashore) -> None:
    address = eventually("address", lambda: _address(page))
    page.kubectl("delete", "service/page")
    eventually("no name", lambda: _resolved(NAME) == [])
    eventually("no page", lambda: "Apache-2.0" not in _read(f"http://{address}/"))


def test_top_shows_every_node(stack: Ashore) -> None:
    def rows() -> Any:
        shown = stack.kubectl("top", "nodes", "--no-headers", code=None).splitlines()
        return shown if len(shown) == 5 and "<unknown>" not in "".join(shown) else None

    names = sorted(row.split()[0] for row in eventually("metrics of five nodes", rows))
    assert names == ["cp1", "cp2", "cp3", "w1", "w2"]


def test_kubelets_are_not_trusted_unseen(stack: Ashore) -> None:
    found = json.loads(
        stack.kubectl("-n", "kube-system", "get", "deploy", "metrics-server", "-o", "json")
    )
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert not [a for a in container["args"] if "insecure" in a]
