"""The default stack, brought up once: what it serves, and that it stays as described."""

import json
import ssl
import urllib.request

import dns.resolver
import pytest

from tests.machine.conftest import Ashore

GATEWAY = "10.90.0.2"
FLOATING = "10.90.0.10"


def test_status_is_healthy(stack: Ashore) -> None:
    status = stack.healthy()
    assert status["stack"] == "test"
    assert [m["name"] for m in status["machines"]] == [
        "gw", "lb1", "lb2", "cp1", "cp2", "cp3", "w1", "w2", "st1", "st2", "st3",
    ]  # fmt: skip
    assert all(m["power"] == "on" and m["ready"] for m in status["machines"]), status
    assert status["floatingIP"]["address"] == FLOATING
    assert len(status["floatingIP"]["holders"]) == 1
    assert status["kubernetes"]["nodes"] == status["kubernetes"]["ready"] == 5


def test_nothing_to_do_right_after_up(stack: Ashore) -> None:
    assert stack.json("plan") == {"changes": []}
    events = [json.loads(line) for line in stack.run("up", "-o", "json").stdout.splitlines()]
    (done,) = [event for event in events if event["event"] == "RunDone"]
    assert done["changed"] == 0


@pytest.mark.parametrize(
    ("name", "address"),
    [("gw", "10.90.0.2"), ("lb2", "10.90.0.12"), ("cp3", "10.90.0.23"), ("w1", "10.90.0.100"),
     ("api", FLOATING)],
)  # fmt: skip
def test_names(stack: Ashore, name: str, address: str) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [GATEWAY]
    answer = resolver.resolve(f"{name}.test.internal", "A", lifetime=10, source="10.90.0.1")
    assert [r.to_text() for r in answer] == [address]


def test_addresses_come_by_dhcp(stack: Ashore) -> None:
    leases = stack.exec("gw", "cat", "/var/lib/misc/dnsmasq.leases")
    for address in ("10.90.0.11", "10.90.0.21", "10.90.0.101"):
        assert f" {address} " in leases


def test_api_through_the_floating_ip(stack: Ashore) -> None:
    # The version is public; the certificate is checked against the cluster's CA.
    config = stack.run("kubeconfig").stdout
    assert f"https://{FLOATING}:6443" in config
    version = json.loads(stack.kubectl("version", "-o", "json"))
    assert version["serverVersion"]["gitVersion"] == "v1.37.2"
    unverified = ssl.create_default_context()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"https://{FLOATING}:6443/version", context=unverified, timeout=10)


def test_every_machine_was_configured_by_cloud_init(stack: Ashore) -> None:
    for machine in ("gw", "lb1", "cp1", "w1"):
        result = json.loads(stack.exec(machine, "cat", "/run/cloud-init/result.json"))
        assert result["v1"]["errors"] == []
        assert "NoCloud" in result["v1"]["datasource"]


def test_ssh_with_the_stacks_own_key(stack: Ashore) -> None:
    done = stack.run("ssh", "w1", "--", "hostname")
    assert done.stdout.strip() == "w1"


def test_exec_returns_the_exit_code(stack: Ashore) -> None:
    assert stack.run("exec", "cp1", "--", "sh", "-c", "exit 7", code=None).returncode == 7


def test_limits_are_enforced(stack: Ashore) -> None:
    # 512 MiB is a load balancer's default; the allocation must not survive.
    hog = "x=$(head -c 700000000 /dev/zero | tr '\\0' x); echo survived"
    assert "survived" not in stack.exec("lb1", "sh", "-c", hog, code=None)
    stack.healthy()
