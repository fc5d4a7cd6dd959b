"""The cluster's keys: made once on the host, so that a first boot makes none."""

import datetime
import secrets as random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ashore.model.types import Stack
from ashore.plan.step import Secrets

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_AUTHKEY_BYTES = 256
_VALID = datetime.timedelta(days=3650)

# Names that the stock certutil scripts give; both programs look for them.
_CA = "QNet CA"
_SERVER, _SERVER_NICKNAME = "Qnetd Server", b"QNetd Cert"
_CLIENT_NICKNAME = b"Cluster Cert"


@dataclass(frozen=True, slots=True)
class Keys:
    """Secret files. `qnetd` and `qdevice` are PKCS 12 with an empty password."""

    authkey: bytes
    qnetd: bytes
    qdevice: bytes


def keys(secrets: Secrets, stack: Stack) -> Keys:
    """The stack's keys, made at the first call."""

    def authority() -> bytes:
        return _new_authority()

    def qnetd() -> bytes:
        return _issue(secrets.keep("corosync/ca.pem", authority), _SERVER, _SERVER_NICKNAME)

    def qdevice() -> bytes:
        # The quorum device takes a cluster's word only under its own name.
        return _issue(secrets.keep("corosync/ca.pem", authority), stack.name, _CLIENT_NICKNAME)

    return Keys(
        secrets.keep("corosync/authkey", lambda: random.token_bytes(_AUTHKEY_BYTES)),
        secrets.keep("corosync/qnetd.p12", qnetd),
        secrets.keep("corosync/qdevice.p12", qdevice),
    )


def _new_authority() -> bytes:
    """A fresh CA as one PEM text: key, then certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(_CA, key, None).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + _sign(certificate, key).public_bytes(serialization.Encoding.PEM)


def _issue(authority: bytes, name: str, nickname: bytes) -> bytes:
    """A key and certificate of that name, with the CA's certificate, as PKCS 12."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12

    ca_key = serialization.load_pem_private_key(authority, None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the cluster's CA key is not an elliptic curve key")
    ca = x509.load_pem_x509_certificate(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(_certificate(name, key, ca.subject), ca_key)
    return pkcs12.serialize_key_and_certificates(
        nickname,
        key,
        certificate,
        [pkcs12.PKCS12Certificate(ca, _CA.encode())],
        serialization.BestAvailableEncryption(PASSWORD.encode()),
    )


PASSWORD = "ashore"  # noqa: S105
"""Of the PKCS 12 files: no secret, the format wants one; mode 0600 protects the file."""


def _certificate(
    name: str, key: "EllipticCurvePrivateKey", issuer: "x509.Name | None"
) -> "x509.CertificateBuilder":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A machine's clock may be behind the host's.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID)
    )


def _sign(builder: "x509.CertificateBuilder", key: "EllipticCurvePrivateKey") -> "x509.Certificate":
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())
