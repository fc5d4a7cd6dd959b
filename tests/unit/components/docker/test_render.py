import json
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from ashore.components.docker.render import configuration, fragment, free
from ashore.model.load import default_stack
from ashore.model.types import Stack
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import LEGACY, MODERN

HERE = Path(__file__).parent


def stack(cidr: str, pods: str, services: str) -> Stack:
    made = default_stack()
    return replace(
        made,
        network=replace(made.network, cidr=IPv4Network(cidr)),
        kubernetes=replace(
            made.kubernetes, pod_cidr=IPv4Network(pods), service_cidr=IPv4Network(services)
        ),
    )


def test_a_worker_of_a_host_that_restricts() -> None:
    made = fragment(default_stack(), LEGACY, login="bG9naW4=", ca=b"authority\n")
    check(HERE, "restricted-host.txt", as_text(made))


def test_the_score_is_the_packages_own_where_it_can_be() -> None:
    made = fragment(default_stack(), MODERN, login="bG9naW4=", ca=b"authority\n")
    assert "OOMScoreAdjust" not in as_text(made)


def test_the_account_is_not_for_everybody() -> None:
    made = fragment(default_stack(), MODERN, login="bG9naW4=", ca=b"authority\n")
    modes = {file.path: file.mode for file in made.files if "bG9naW4=" in str(file.content)}
    assert modes == {"/root/.docker/config.json": 0o600}


@pytest.mark.parametrize(
    ("cidr", "pods", "services"),
    [
        ("10.77.0.0/24", "10.244.0.0/16", "10.96.0.0/16"),
        ("172.16.5.0/24", "172.17.0.0/16", "172.18.0.0/16"),
        ("192.168.0.0/16", "172.16.0.0/12", "198.16.0.0/12"),
        ("192.0.0.0/8", "172.0.0.0/8", "198.16.0.0/12"),
    ],
)
def test_dockers_networks_overlap_none_of_the_stacks(cidr: str, pods: str, services: str) -> None:
    made = stack(cidr, pods, services)
    written = json.loads(configuration(made))
    bridge = IPv4Interface(written["bip"]).network
    pool = IPv4Network(written["default-address-pools"][0]["base"])
    assert not bridge.overlaps(pool)
    for own in (bridge, pool):
        assert own.subnet_of(free(made))
        assert not any(own.overlaps(IPv4Network(other)) for other in (cidr, pods, services))
