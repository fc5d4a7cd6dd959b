"""The cluster's keys: made once on the host, so that a first boot makes none."""

import secrets as random
from dataclasses import dataclass

from ashore.model.types import Stack
from ashore.pki.authority import Pair, issue, make_ca, to_pkcs12
from ashore.plan.step import Secrets

_AUTHKEY_BYTES = 256

PASSWORD = "ashore"  # noqa: S105
"""Of the PKCS 12 files: no secret, the format wants one; mode 0600 protects the file."""

_PASSWORD = PASSWORD.encode()

# Names that the stock certutil scripts give; both programs look for them.
_CA = "QNet CA"
_SERVER, _SERVER_NICKNAME = "Qnetd Server", "QNetd Cert"
_CLIENT_NICKNAME = "Cluster Cert"


@dataclass(frozen=True, slots=True)
class Keys:
    """Secret files: `qnetd` and `qdevice` are PKCS 12."""

    authkey: bytes
    qnetd: bytes
    qdevice: bytes


def keys(secrets: Secrets, stack: Stack) -> Keys:
    """The stack's keys, made at the first call."""

    def authority() -> Pair:
        return Pair.of_bundle(secrets.keep("corosync/ca.pem", lambda: make_ca(_CA).bundle()))

    def qnetd() -> bytes:
        ca = authority()
        return to_pkcs12(issue(ca, _SERVER, server=True), ca.cert, _SERVER_NICKNAME, _PASSWORD)

    def qdevice() -> bytes:
        # The quorum device's server takes a cluster's word only under its own name.
        ca = authority()
        return to_pkcs12(issue(ca, stack.name, client=True), ca.cert, _CLIENT_NICKNAME, _PASSWORD)

    return Keys(
        secrets.keep("corosync/authkey", lambda: random.token_bytes(_AUTHKEY_BYTES)),
        secrets.keep("corosync/qnetd.p12", qnetd),
        secrets.keep("corosync/qdevice.p12", qdevice),
    )
