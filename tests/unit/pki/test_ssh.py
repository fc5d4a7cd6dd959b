from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key

from ashore.pki.ssh import known_hosts_line, make_ssh_key, public_line


def test_the_pair_belongs_together_and_carries_its_comment() -> None:
    key = make_ssh_key("ashore demo")
    assert key.private.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert key.public.startswith("ssh-ed25519 ")
    assert key.public.endswith(" ashore demo")
    private = load_ssh_private_key(key.private, None)
    assert private.public_key() == load_ssh_public_key(key.public.encode())
    assert public_line(key.private, "ashore demo") == key.public


def test_known_hosts() -> None:
    line = known_hosts_line(["cp1", "10.77.0.21"], "ssh-ed25519 AAAA ashore cp1")
    assert line == "cp1,10.77.0.21 ssh-ed25519 AAAA\n"
