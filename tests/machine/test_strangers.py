"""A machine that no file names: it gets an address of the range, and a name."""

import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address

import dns.resolver
import pytest

from tests.machine.conftest import Ashore, eventually

FABRIC = "ashore-test"
NAMESPACE = "stranger-test"


@pytest.fixture
def port(stack: Ashore) -> Iterator[str]:
    """A cable from a namespace of the test's own into the stack's bridge."""
    if shutil.which("busybox") is None:
        # A new machine has no lists of packages.
        subprocess.run(["apt-get", "update", "-qq"], check=True, timeout=300)
        subprocess.run(["apt-get", "install", "-qq", "-y", "busybox"], check=True, timeout=300)
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run(
            ["ip", "-n", FABRIC, "link", "add", "stranger", "type", "veth",
             "peer", "name", "eth0", "netns", NAMESPACE],
            check=True,
        )  # fmt: skip
        subprocess.run(
            ["ip", "-n", FABRIC, "link", "set", "stranger", "master", "br0", "up"], check=True
        )
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "eth0", "up"], check=True)
        yield NAMESPACE
    finally:
        subprocess.run(["ip", "-n", FABRIC, "link", "del", "stranger"], check=False)
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)


def test_lease_and_name(stack: Ashore, port: str) -> None:
    done = subprocess.run(
        ["ip", "netns", "exec", port, "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f",
         "-t", "20", "-T", "1", "-x", "hostname:stranger", "-s", "/bin/true"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "10.90.0.2" in done.stderr
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["10.90.0.2"]

    def ask() -> list[str]:
        try:
            answer = resolver.resolve("stranger.test.internal", "A", lifetime=5, source="10.90.0.1")
        except dns.resolver.NXDOMAIN:
            return []
        return [r.to_text() for r in answer]

    (address,) = eventually("the stranger's name", ask)
    assert ip_address("10.90.0.200") <= ip_address(address) <= ip_address("10.90.0.229")
