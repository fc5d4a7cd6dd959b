"""Certificate authorities of a stack and the certificates they issue. Pure: bytes in, bytes out.

Keys are ECDSA P-256, which every program of the stack reads and which is made
within a millisecond. `cryptography` is imported when something is made: most
runs find everything made already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

YEARS_10 = 3650
"""Days of a CA, as kubeadm gives them."""

_SKEW = timedelta(minutes=5)
"""A certificate is valid this much before now: clocks of machines differ."""


_END = b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, PEM."""

    cert: bytes
    key: bytes

    def bundle(self) -> bytes:
        """Both in one text, so that they are stored or lost together."""
        return self.cert + self.key

    @classmethod
    def of_bundle(cls, bundle: bytes) -> "Pair":
        """The pair of a bundle."""
        cert, mark, rest = bundle.partition(_END)
        if not mark or b"PRIVATE KEY" not in rest:
            raise ValueError("not a certificate followed by a key")
        return cls(cert + mark, rest)


def make_ca(common_name: str, days: int = YEARS_10) -> Pair:
    """A self-signed CA that may not sign further CAs."""
    from cryptography import x509

    key = _new_key()
    name = _name(common_name)
    end = datetime.now(UTC) + timedelta(days=days)
    builder = (
        _builder(name, name, key, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
    )
    return _sign(builder, key, key)


def issue(
    ca: Pair,
    common_name: str,
    *,
    dns: Sequence[str] = (),
    ip: Sequence[IPv4Address | IPv6Address] = (),
    server: bool = False,
    client: bool = False,
    organisation: str = "",
    days: int = YEARS_10,
    elapsed: int = 0,
) -> Pair:
    """A certificate signed by a CA, with a new key.

    Args:
        organisation: what Kubernetes takes as the group (`system:masters`).
        days: cut to the end of the CA.
        elapsed: days of its life that lie behind it already; a program that
            renews at a share of the life then renews at once.

    Raises:
        ValueError: neither for a server nor for a client.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

    purposes = [Purpose.SERVER_AUTH] * server + [Purpose.CLIENT_AUTH] * client
    if not purposes:
        raise ValueError(f"{common_name}: a certificate is for a server, a client or both")
    authority = x509.load_pem_x509_certificate(ca.cert)
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    end = min(datetime.now(UTC) + timedelta(days=days), authority.not_valid_after_utc)
    key = _new_key()
    builder = (
        _builder(_name(common_name, organisation), authority.subject, key, end, elapsed)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
    )
    names = [*map(x509.DNSName, dns), *map(x509.IPAddress, ip)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _sign(builder, key, _load_key(ca.key))


def make_key_pair() -> tuple[bytes, bytes]:
    """(private, public) PEM of a key without a certificate: Kubernetes' service accounts."""
    from cryptography.hazmat.primitives import serialization as form

    key = _new_key()
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    return _key_pem(key), public


def to_pkcs12(pair: Pair, ca: bytes, name: str, password: bytes) -> bytes:
    """Certificate, key and the CA's certificate as PKCS #12, for NSS (`pk12util -i`)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.serialization import pkcs12

    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        _load_key(pair.key),
        x509.load_pem_x509_certificate(pair.cert),
        [x509.load_pem_x509_certificate(ca)],
        form.BestAvailableEncryption(password),
    )


def expires(cert: bytes) -> datetime:
    """When a PEM certificate ends, in UTC."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(cert).not_valid_after_utc


def _new_key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _load_key(pem: bytes) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"not an elliptic curve key: {type(key).__name__}")
    return key


def _key_pem(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
    )


def _name(common_name: str, organisation: str = "") -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    group = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*group, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: "x509.Name",
    issuer: "x509.Name",
    key: "EllipticCurvePrivateKey",
    end: datetime,
    elapsed: int = 0,
) -> "x509.CertificateBuilder":
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - _SKEW - timedelta(days=elapsed))
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, ca: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(
    builder: "x509.CertificateBuilder",
    key: "EllipticCurvePrivateKey",
    signer: "EllipticCurvePrivateKey",
) -> Pair:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = builder.sign(signer, hashes.SHA256())
    return Pair(certificate.public_bytes(Encoding.PEM), _key_pem(key))
