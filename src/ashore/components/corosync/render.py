"""The load balancers' Corosync and the gateway's quorum device, from the model.

Timings are the shorter ones tried by hand: a dead machine is noticed after
token + consensus = 0.7 s, and the quorum device votes within its heartbeat.
"""

import shlex

from ashore.components.corosync.keys import PASSWORD, Keys
from ashore.components.wait import ADDRESSED, loop
from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts
from ashore.model.types import Role, Stack

QNETD_PORT = 5403
_TOKEN_MS = 500
# Below the token is allowed for two nodes only.
_CONSENSUS_MS, _CONSENSUS_MANY_MS = 200, 600
_HEARTBEAT_MS = 200
# Of the quorum device's vote; 600 was seen to flap on a busy host. At these timings emulated
# machines lost each other every few seconds, and the quorum device's server crashed of that.
_DEVICE_TIMEOUT_MS, _DEVICE_SYNC_TIMEOUT_MS = 1000, 4000

_IMPORT = "/usr/local/libexec/ashore/nss-import"
_QNETD_P12 = "/etc/ashore/corosync/qnetd.p12"
_QNETD_IMPORT = f"{_IMPORT} /etc/corosync/qnetd/nssdb {_QNETD_P12} coroqnetd:coroqnetd"
_QDEVICE_P12 = "/etc/ashore/corosync/qdevice.p12"
_QDEVICE_IMPORT = f"{_IMPORT} /etc/corosync/qdevice/net/nssdb {_QDEVICE_P12} root:root"


def has_device(stack: Stack) -> bool:
    """Whether a quorum device votes: only an even number of nodes can be split in half."""
    return len(stack.of_role(Role.LOADBALANCER)) % 2 == 0


def gateway(keys: Keys) -> Fragment:
    """The gateway's share: the quorum device's server."""
    restart = "systemctl daemon-reload && systemctl restart corosync-qnetd"
    return Fragment(
        "corosync",
        files=(
            File(_IMPORT, _NSS_IMPORT, mode=0o755),
            File(_QNETD_P12, keys.qnetd, mode=0o600, notify=f"{_QNETD_IMPORT} && {restart}"),
            File(
                "/etc/default/corosync-qnetd",
                f'COROSYNC_QNETD_OPTIONS="-S heartbeat_interval_min={_HEARTBEAT_MS}"\n',
                notify=restart,
            ),
            _restart_always("corosync-qnetd"),
        ),
        commands=(_QNETD_IMPORT,),
        enable=("corosync-qnetd.service",),
    )


def fragment(stack: Stack, keys: Keys, facts: HostFacts) -> Fragment:
    """A load balancer's share: the same on each of them."""
    files = [
        File(
            "/etc/corosync/corosync.conf",
            configuration(stack, facts),
            # Every node reads its own file again.
            notify="corosync-cfgtool -R",
        ),
        File(
            "/etc/corosync/authkey",
            keys.authkey,
            mode=0o400,
            notify="systemctl restart corosync",
        ),
        _restart_always("corosync", _FOLLOWERS, _WAIT),
    ]
    if not has_device(stack):
        return Fragment("corosync", files=tuple(files), enable=("corosync.service",))
    restart = "systemctl daemon-reload && systemctl restart corosync-qdevice"
    files += [
        File(_IMPORT, _NSS_IMPORT, mode=0o755),
        File(_QDEVICE_P12, keys.qdevice, mode=0o600, notify=f"{_QDEVICE_IMPORT} && {restart}"),
        File(
            "/etc/default/corosync-qdevice",
            f'COROSYNC_QDEVICE_OPTIONS="-S net_heartbeat_interval_min={_HEARTBEAT_MS}"\n',
            notify=restart,
        ),
        _restart_always("corosync-qdevice"),
    ]
    return Fragment(
        "corosync",
        files=tuple(files),
        commands=(_QDEVICE_IMPORT,),
        enable=("corosync.service", "corosync-qdevice.service"),
    )


def configuration(stack: Stack, facts: HostFacts) -> str:
    """`corosync.conf`, the same on every node."""
    nodes = stack.of_role(Role.LOADBALANCER)
    slower = facts.slower
    consensus = _CONSENSUS_MS if len(nodes) == 2 else _CONSENSUS_MANY_MS
    members = "".join(
        f"""\
  node {{
    name: {m.name}
    nodeid: {m.index}
    ring0_addr: {m.address}
  }}
"""
        for m in nodes
    )
    return f"""\
totem {{
  version: 2
  cluster_name: {stack.name}
  transport: knet
  ip_version: ipv4
  crypto_cipher: aes256
  crypto_hash: sha256
  token: {slower * _TOKEN_MS}
  consensus: {slower * consensus}
}}

nodelist {{
{members}}}

# Where the kernel budgets realtime by control group (cgroup v1), a membership
# change used the budget up: Corosync then stood still for two thirds of each
# second and never agreed. A high priority held at a load of 50 on two cores.
system {{
  sched_rr: no
  priority: max
}}

quorum {{
  provider: corosync_votequorum
{_device(stack, slower) if has_device(stack) else ""}}}

logging {{
  to_stderr: no
  to_logfile: no
  to_syslog: yes
  timestamp: off
}}
"""


def _device(stack: Stack, slower: int) -> str:
    return f"""\
  device {{
    model: net
    votes: 1
    timeout: {slower * _DEVICE_TIMEOUT_MS}
    sync_timeout: {slower * _DEVICE_SYNC_TIMEOUT_MS}
    net {{
      host: {stack.network.gateway}
      port: {QNETD_PORT}
      tls: required
      algorithm: ffsplit
      tie_breaker: lowest
      keep_active_partition_tie_breaker: on
    }}
  }}
"""


def _restart_always(unit: str, unit_section: str = "", service_section: str = "") -> File:
    """A drop-in: a machine whose daemon stays down is a machine less, so try for ever."""
    return File(
        f"/etc/systemd/system/{unit}.service.d/ashore.conf",
        f"""\
[Unit]
StartLimitIntervalSec=0
{unit_section}
[Service]
Restart=always
RestartSec=200ms
{service_section}""",
        notify="systemctl daemon-reload",
    )


# What requires Corosync is not tried again by itself when Corosync's first
# start failed; wanted here, it comes along with the start that succeeds.
_FOLLOWERS = "Wants=corosync-qdevice.service pacemaker.service\n"

# Corosync ends at once where it finds no address of its own in its
# configuration; the lease may come a moment later.
_WAIT = f"ExecStartPre={shlex.join(loop(ADDRESSED))}\n"

# Both programs take keys from an NSS database only.
_NSS_IMPORT = f"""\
#!/bin/sh
# nss-import DATABASE FILE OWNER: make a database anew from a PKCS 12 file.
set -e
rm -rf "$1"
mkdir -p "$1"
certutil -N --empty-password -d "sql:$1"
pk12util -i "$2" -d "sql:$1" -W {PASSWORD} >/dev/null
certutil -M -n "QNet CA" -t CT,c,c -d "sql:$1"
chmod 0750 "$1"
chown -R "$3" "$1"
"""
