"""The registry's configuration on the gateway, and how the nodes pull from it."""

from ashore.components.registry.account import Account
from ashore.components.templates import render
from ashore.model.fragment import File, Fragment
from ashore.model.types import Stack
from ashore.pki.authority import Pair

PORT = 443
DATA = "/var/lib/docker-registry"
UNIT = "docker-registry.service"
COLLECT = "registry-collect.service"
"""Deletes what no tag leads to. The registry is stopped meanwhile."""

_ETC = "/etc/ashore/registry"
_GROUP = "root:docker-registry"
_UNITS = "systemctl daemon-reload"
_RESTART = f"{_UNITS} && systemctl restart {UNIT}"


def fragment(stack: Stack, account: Account, secret: str, identity: Pair, ca: bytes) -> Fragment:
    """The gateway's share.

    Args:
        secret: what the registry signs the state of an upload with.
        identity: certificate and key for the registry's name.
        ca: certificate of the authority that issued it.
    """
    config = render(__package__, "config.yml", directory=_ETC, data=DATA, port=PORT, secret=secret)

    def own(name: str, content: str) -> File:
        return File(f"{_ETC}/{name}", content, mode=0o640, owner=_GROUP, notify=_RESTART)

    files = (
        own("config.yml", config),
        own("htpasswd", f"{account.hashed}\n"),
        own("tls.key", identity.key.decode()),
        own("tls.crt", identity.cert.decode()),
        File(f"{_ETC}/ca.crt", ca.decode()),
        File(f"/etc/systemd/system/{UNIT}.d/ashore.conf", _UNIT, notify=_RESTART),
        File(f"/etc/systemd/system/{COLLECT}", _COLLECT, notify=_UNITS),
    )
    return Fragment("registry", files=files, enable=(UNIT,))


def pulls(stack: Stack, account: Account, ca: bytes) -> Fragment:
    """A node's share: its containerd trusts the registry and has the account.

    containerd reads these files at each pull, so nothing is restarted.
    """
    place = f"/etc/containerd/certs.d/{stack.registry_name}"
    hosts = (
        f'server = "https://{stack.registry_name}"\n'
        'capabilities = ["pull", "resolve"]\n'
        f'ca = "{place}/ca.crt"\n\n'
        f'[header]\nAuthorization = "Basic {account.login}"\n'
    )
    return Fragment(
        "registry",
        files=(
            File(f"{place}/ca.crt", ca.decode()),
            File(f"{place}/hosts.toml", hosts, mode=0o600),
        ),
    )


# Its data may be on a disk that is new and root's: systemd gives it to the user.
_UNIT = f"""\
[Unit]
StartLimitIntervalSec=0

[Service]
ExecStart=
ExecStart=/usr/bin/docker-registry serve {_ETC}/config.yml
AmbientCapabilities=CAP_NET_BIND_SERVICE
StateDirectory=docker-registry
StateDirectoryMode=0750
NoNewPrivileges=yes
Restart=always
RestartSec=500ms
"""

# What starts the registry again is systemd, so it comes back whatever becomes of
# the program that asked for a collection.
_COLLECT = f"""\
[Unit]
Description=Garbage collection of the registry
Conflicts={UNIT}
After={UNIT}
OnSuccess={UNIT}
OnFailure={UNIT}

[Service]
Type=oneshot
User=docker-registry
# It fails where nothing was ever pushed: this is what it goes through.
ExecStartPre=mkdir -p {DATA}/docker/registry/v2/repositories {DATA}/docker/registry/v2/blobs
ExecStart=/usr/bin/docker-registry garbage-collect --delete-untagged {_ETC}/config.yml
TimeoutStartSec=30min
"""
