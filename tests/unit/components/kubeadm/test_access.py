from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from ashore.components.kubeadm.access import Access
from ashore.pki.authority import Pair
from tests.unit.components.kubeadm.stack import demo


class Kept:
    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        return self.made.setdefault(name, make())


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


@pytest.mark.parametrize("name", ["cp1", "w2"])
def test_a_kubelet_serves_with_what_the_cluster_vouches_for(name: str, tmp_path: Path) -> None:
    access = Access(demo(), Kept(), tmp_path)
    machine = demo().machine(name)
    assert machine is not None
    files = access.pki(machine)
    served = certificate(files["kubelet.crt"])
    served.verify_directly_issued_by(certificate(files["ca.crt"]))
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name, f"{name}.demo.internal"]
    assert names.get_values_for_type(x509.IPAddress) == [IPv4Address(machine.address)]
    usage = served.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert access.pki(machine)["kubelet.key"] == files["kubelet.key"]


def test_a_worker_gets_no_authority(tmp_path: Path) -> None:
    machine = demo().machine("w1")
    assert machine is not None
    files = Access(demo(), Kept(), tmp_path).pki(machine)
    assert sorted(files) == ["ca.crt", "kubelet.crt", "kubelet.key"]


def test_a_server_has_the_name_by_which_it_is_called(tmp_path: Path) -> None:
    access = Access(demo(), Kept(), tmp_path)
    made: Pair = access.server("metrics-server", ["metrics-server.kube-system.svc"])
    certificate(made.cert).verify_directly_issued_by(certificate(access.authority))
    assert access.server("metrics-server", []) == made
