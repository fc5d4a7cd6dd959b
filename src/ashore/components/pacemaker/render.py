"""A load balancer's Pacemaker: its CIB before the first start, and its units."""

from collections.abc import Sequence

from ashore.components.pacemaker import cib
from ashore.model.fragment import File, Fragment
from ashore.model.types import Stack

_WANTED = "/etc/ashore/pacemaker/cib.xml"
_LIVE = "/var/lib/pacemaker/cib/cib.xml"


def fragment(stack: Stack, fences: Sequence[cib.FenceDevice] = ()) -> Fragment:
    """A load balancer's share.

    A cluster that finds its CIB at its first start saves a round of elections
    and transitions. Afterwards the live CIB is the cluster's own (it writes
    nodes and counters into it), so later changes go in through its front door.
    """
    seed = f"[ -e {_LIVE} ] || install -D -o hacluster -g haclient -m 0600 {_WANTED} {_LIVE}"
    return Fragment(
        "pacemaker",
        files=(
            File(_WANTED, cib.render(stack, fences), mode=0o600, notify=_REPLACE),
            File(
                "/etc/systemd/system/pacemaker.service.d/ashore.conf",
                _UNIT,
                notify="systemctl daemon-reload",
            ),
        ),
        commands=(seed,),
        enable=("pacemaker.service",),
    )


# Options and defaults are merged: Pacemaker keeps facts of its own among them.
# Nodes and status are not ours at all.
_REPLACE = (
    "for scope in crm_config rsc_defaults; do"
    f" cibadmin --modify --allow-create --scope $scope --xml-file {_WANTED} || exit 1; done;"
    " for scope in resources constraints; do"
    f" cibadmin --replace --scope $scope --xml-file {_WANTED} || exit 1; done"
)

# The quorum device first, or the cluster begins without quorum and waits.
_UNIT = """\
[Unit]
StartLimitIntervalSec=0
After=corosync-qdevice.service

[Service]
Restart=always
RestartSec=1s
"""
