"""What Gluster reads on storage machines and on workers, and the unit that mounts the volume."""

import shlex
from collections.abc import Sequence

from ashore.components.wait import ADDRESSED, loop
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine, Role, Stack, Storage, VolumeType
from ashore.pki.authority import Pair

ROLES = (Role.STORAGE, Role.WORKER)
"""Whose machines mount the volume."""

UNIT = "shared-volume.service"
"""The mount of the volume: its main process is the FUSE client."""

_PID = "/run/shared-volume.pid"

# A lost client leaves a mount that answers "Transport endpoint is not connected".
_UMOUNT = "umount --lazy"

# Started before the lease, glusterd takes none of its own addresses for its
# own and ends; a client finds no server.
_ADDRESS = shlex.join(loop(ADDRESSED))


def fragment(
    stack: Stack,
    storage: Storage,
    machine: Machine,
    identity: Pair,
    ca: bytes,
    mounted: str | None = None,
) -> Fragment:
    """A storage machine's or a worker's share.

    Args:
        identity: certificate with the machine's name as its common name.
        ca: certificate of the authority that issued it and its like.
        mounted: where a storage machine mounts the file system of its brick; None
            if its brick is a directory on what is there anyway.
    """
    serves = machine.role is Role.STORAGE
    follow = "systemctl restart glusterd && " if serves else ""
    again = f"{follow}systemctl restart --no-block {UNIT}"
    own = _glusterd_file(mounted) if serves else _KUBELET_FILE
    files = (
        File(
            f"/etc/systemd/system/{UNIT}",
            unit(stack, storage, machine),
            # Not restarted: that would take the volume from below running pods.
            notify="systemctl daemon-reload",
        ),
        own,
        # Exists: management is encrypted, of servers and clients alike.
        File("/var/lib/glusterd/secure-access", "", notify=again),
        File("/etc/ssl/glusterfs.pem", identity.cert.decode(), notify=again),
        File("/etc/ssl/glusterfs.key", identity.key.decode(), mode=0o600, notify=again),
        File("/etc/ssl/glusterfs.ca", ca.decode(), notify=again),
    )
    # The mount is enabled when there is a volume: each try before would start a
    # client, on every machine and again and again, while all of them boot.
    if not serves:
        return Fragment("gluster", files=files)
    # Where it is mounted first, the directory is made when there is a volume.
    commands = () if mounted else (f"mkdir -p {storage.brick}",)
    return Fragment("gluster", files=files, commands=commands, enable=("glusterd.service",))


def unit(stack: Stack, storage: Storage, machine: Machine) -> str:
    """The unit that mounts the volume, again and again until it works.

    It is no mount unit: systemd would not try one again that failed, and would
    not notice that a client died.
    """
    servers = [f"--volfile-server={m.address}" for m in stack.of_role(Role.STORAGE)]
    client = [
        "/usr/sbin/glusterfs",
        "--process-name=fuse",
        *servers,
        f"--volfile-id={storage.volume}",
        "--fuse-mountopts=noatime,nosuid,nodev",
        "--log-level=WARNING",
        f"--pid-file={_PID}",
        storage.mount,
    ]
    # What requires it is not tried again by itself when the first mount failed;
    # wanted here, it comes along with the mount that succeeds.
    worker = machine.role is Role.WORKER
    follower = "Wants=kubelet.service\nBefore=kubelet.service\n" if worker else ""
    server = "" if worker else "After=glusterd.service\n"
    return f"""\
[Unit]
Description=Shared volume at {storage.mount}
Wants=network-online.target
After=network-online.target
{follower}{server}StartLimitIntervalSec=0

[Service]
Type=forking
PIDFile={_PID}
ExecStartPre={_ADDRESS}
ExecStartPre=-{_UMOUNT} {storage.mount}
ExecStartPre=mkdir -p {storage.mount}
# Whoever writes while nothing is mounted gets an error, not the machine's own disk.
ExecStartPre=chattr +i {storage.mount}
ExecStart={shlex.join(client)}
ExecStartPost=timeout 10 test -d {storage.mount}/.
ExecStopPost=-{_UMOUNT} {storage.mount}
Restart=always
RestartSec=1s
TimeoutStartSec=20s

[Install]
WantedBy=multi-user.target
"""


def _glusterd_file(mounted: str | None) -> File:
    # A machine whose daemon stays down is a brick less, so try for ever; but not
    # before its brick is mounted, of which the daemon would find nothing.
    after = f"RequiresMountsFor={mounted}\n" if mounted else ""
    return File(
        "/etc/systemd/system/glusterd.service.d/ashore.conf",
        f"""\
[Unit]
StartLimitIntervalSec=0
{after}
[Service]
ExecStartPre={_ADDRESS}
Restart=always
RestartSec=1s
""",
        notify="systemctl daemon-reload && systemctl enable glusterd && systemctl restart glusterd",
    )


_KUBELET_FILE = File(
    "/etc/systemd/system/kubelet.service.d/10-shared-volume.conf",
    f"[Unit]\nRequires={UNIT}\nAfter={UNIT}\n",
    notify="systemctl daemon-reload",
)


def options(
    stack: Stack, storage: Storage, leaving: Sequence[str] = (), slower: int = 1
) -> dict[str, str]:
    """The volume's own options, which can be set before it has started.

    Args:
        leaving: names of machines that still have data, and are no longer in the stack.
        slower: how many times longer than usual things take (`HostFacts.slower`).
    """
    names = sorted([*(m.name for role in ROLES for m in stack.of_role(role)), *leaving])
    found = {
        "client.ssl": "on",
        "server.ssl": "on",
        "auth.ssl-allow": ",".join(names),
        "network.ping-timeout": str(PING_TIMEOUT * slower),
        "cluster.server-quorum-type": "server",
        # Seconds between two looks for what is to be healed. One look was seen
        # to leave an entry over, and the next one is 600 s later by default.
        # The erasure code takes no less than 60.
        "cluster.heal-timeout": "60" if storage.type is VolumeType.DISPERSE else "10",
        "storage.health-check-interval": "10",
    }
    if storage.type is VolumeType.DISPERSE:
        found["cluster.disperse-self-heal-daemon"] = "on"
    else:
        found["cluster.self-heal-daemon"] = "on"
        found["cluster.quorum-type"] = "auto"
        found["cluster.favorite-child-policy"] = "majority"
        # A directory that was removed while a brick was away is deleted there. By default it is
        # first moved aside, which a quota refuses with EINVAL for ever: gluster issue 3921.
        found["cluster.use-anonymous-inode"] = "no"
    return found


PING_TIMEOUT = 1
"""Seconds without an answer after which a client gives a brick up.

A lost machine held a writer up for 1.7 to 2.0 s with 1, 2.6 to 3.6 s with 2 and
7.6 s with 5. With 1, and 24 busy processes on two cores, none was given up wrongly.
"""

POOL_OPTIONS = {"cluster.server-quorum-ratio": "51"}
"""Options of the pool as a whole: bricks stop where less than so many percent are together."""

QUOTA_OPTIONS = {"features.hard-timeout": "0", "features.soft-timeout": "0"}
"""Quotas count with every write: with the defaults, a directory grows beyond its limit."""
