from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import pkcs12

from ashore.components.corosync.keys import PASSWORD, keys
from tests.unit.components.kubeadm.stack import demo


class Kept(dict[str, bytes]):
    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        if name not in self:
            self[name] = make()
        return self[name]


def test_both_ends_trust_one_authority_under_the_names_that_they_look_for() -> None:
    kept = Kept()
    found = keys(kept, demo())
    assert len(found.authkey) == 256
    for data, nickname, name in (
        (found.qnetd, b"QNetd Cert", "CN=Qnetd Server"),
        (found.qdevice, b"Cluster Cert", "CN=demo"),
    ):
        bundle = pkcs12.load_pkcs12(data, PASSWORD.encode())
        assert bundle.cert is not None
        assert bundle.cert.friendly_name == nickname
        certificate, (authority,) = bundle.cert.certificate, bundle.additional_certs
        assert certificate.subject.rfc4514_string() == name
        assert authority.certificate.subject.rfc4514_string() == "CN=QNet CA"
        certificate.verify_directly_issued_by(authority.certificate)


def test_keys_are_made_once() -> None:
    kept = Kept()
    assert keys(kept, demo()) == keys(kept, demo())
