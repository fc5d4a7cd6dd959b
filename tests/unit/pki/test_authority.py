from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from ashore.pki.authority import (
    Pair,
    expires,
    issue,
    make_ca,
    make_key_pair,
    to_pkcs12,
)


@pytest.fixture(scope="module")
def ca() -> Pair:
    return make_ca("kubernetes")


def test_a_server_certificate_verifies_by_name_and_address(ca: Pair) -> None:
    pair = issue(
        ca, "kube-apiserver", dns=["api.demo.internal"], ip=[IPv4Address("10.77.0.10")], server=True
    )
    store = Store([x509.load_pem_x509_certificate(ca.cert)])
    leaf = x509.load_pem_x509_certificate(pair.cert)
    for name in (x509.DNSName("api.demo.internal"), x509.IPAddress(IPv4Address("10.77.0.10"))):
        verifier = PolicyBuilder().store(store).build_server_verifier(name)
        assert len(verifier.verify(leaf, [])) == 2


def test_a_client_certificate_verifies_and_carries_its_group(ca: Pair) -> None:
    pair = issue(
        ca, "admin", client=True, organisation="system:masters", dns=["admin.demo.internal"]
    )
    leaf = x509.load_pem_x509_certificate(pair.cert)
    store = Store([x509.load_pem_x509_certificate(ca.cert)])
    assert PolicyBuilder().store(store).build_client_verifier().verify(leaf, [])
    groups = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [group.value for group in groups] == ["system:masters"]


def test_another_ca_of_the_same_name_does_not_verify(ca: Pair) -> None:
    pair = issue(make_ca("kubernetes"), "x", dns=["x.internal"], server=True)
    store = Store([x509.load_pem_x509_certificate(ca.cert)])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName("x.internal"))
    with pytest.raises(x509.verification.VerificationError):
        verifier.verify(x509.load_pem_x509_certificate(pair.cert), [])


def test_extensions(ca: Pair) -> None:
    root = x509.load_pem_x509_certificate(ca.cert)
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca
    usage = root.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    leaf = x509.load_pem_x509_certificate(issue(ca, "both", server=True, client=True).cert)
    assert not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(purposes) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert issuer.key_identifier == own.digest


def test_the_key_belongs_to_the_certificate(ca: Pair) -> None:
    pair = issue(ca, "etcd", client=True)
    key = load_pem_private_key(pair.key, None)
    assert key.public_key() == x509.load_pem_x509_certificate(pair.cert).public_key()


def test_a_certificate_ends_with_its_ca_at_the_latest() -> None:
    short = make_ca("short", days=2)
    assert expires(issue(short, "x", client=True, days=30).cert) == expires(short.cert)
    soon = datetime.now(UTC) + timedelta(days=1)
    assert abs(expires(issue(short, "x", client=True, days=1).cert) - soon) < timedelta(minutes=1)


def test_a_certificate_for_nobody_is_refused(ca: Pair) -> None:
    with pytest.raises(ValueError, match="a server, a client or both"):
        issue(ca, "nobody")


def test_a_bundle_keeps_both(ca: Pair) -> None:
    assert Pair.of_bundle(ca.bundle()) == ca
    for broken in (ca.cert, ca.key, b""):
        with pytest.raises(ValueError, match="not a certificate followed by a key"):
            Pair.of_bundle(broken)


def test_service_account_keys() -> None:
    private, public = make_key_pair()
    assert private.startswith(b"-----BEGIN EC PRIVATE KEY-----")
    assert public.startswith(b"-----BEGIN PUBLIC KEY-----")


def test_pkcs12_holds_certificate_key_and_ca(ca: Pair) -> None:
    pair = issue(ca, "lb1", client=True)
    loaded = pkcs12.load_pkcs12(to_pkcs12(pair, ca.cert, "lb1", b"secret"), b"secret")
    assert loaded.cert is not None
    assert loaded.cert.certificate == x509.load_pem_x509_certificate(pair.cert)
    assert [c.certificate for c in loaded.additional_certs] == [
        x509.load_pem_x509_certificate(ca.cert)
    ]
