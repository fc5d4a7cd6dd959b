"""SSH keys in OpenSSH's own format."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SshKey:
    """An ed25519 key.

    Attributes:
        private: the file that `ssh -i` and sshd's HostKey read.
        public: one line without a newline: type, key, comment.
    """

    private: bytes
    public: str


def make_ssh_key(comment: str) -> SshKey:
    """A new key for a user or a host; cryptography is imported here only."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return SshKey(private, public_line(private, comment))


def public_line(private: bytes, comment: str) -> str:
    """The public line of a private key, so that one secret is enough to keep."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_ssh_private_key,
    )

    public = load_ssh_private_key(private, None).public_key()
    return f"{public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {comment}"


def known_hosts_line(names: list[str], public: str) -> str:
    """A line of known_hosts: every name and address of a host, then its key, without comment."""
    kind, key = public.split()[:2]
    return f"{','.join(names)} {kind} {key}\n"
