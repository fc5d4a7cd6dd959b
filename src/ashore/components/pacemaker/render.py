"""A load balancer's Pacemaker: its CIB before the first start, and its units."""

from collections.abc import Sequence

from ashore.components.pacemaker import cib
from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts
from ashore.model.types import Role, Stack

_WANTED = "/etc/ashore/pacemaker/cib.xml"
_LIVE = "/var/lib/pacemaker/cib/cib.xml"
_AUTHORITIES = "/usr/local/share/ca-certificates"
# What update-ca-certificates would do at a first boot, without its second of
# processor time; when it runs later, it finds the file and does the same.
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_TRUST = f'grep -qF "$(sed -n 2p {{file}})" {_BUNDLE} || cat {{file}} >>{_BUNDLE}'


def fragment(
    stack: Stack, fences: Sequence[cib.FenceDevice], authority: str, facts: HostFacts
) -> Fragment:
    """A load balancer's share.

    Args:
        authority: certificate (PEM) that vouches for the stack's own Redfish service.
        facts: how slow the machines are.

    A cluster that finds its CIB at its first start saves a round of elections
    and transitions. Afterwards the live CIB is the cluster's own (it writes
    nodes and counters into it), so later changes go in through its front door.
    """
    seed = f"[ -e {_LIVE} ] || install -D -o hacluster -g haclient -m 0600 {_WANTED} {_LIVE}"
    trusted = {f"{_AUTHORITIES}/ashore.crt": authority} | {
        f"{_AUTHORITIES}/ashore-{fence.name}.crt": fence.authority
        for fence in fences
        if fence.authority
    }
    return Fragment(
        "pacemaker",
        files=(
            # The stock agent trusts what the machine trusts.
            *(File(path, pem, notify="update-ca-certificates") for path, pem in trusted.items()),
            File(cib.POWER_ON, _POWER_ON_AGENT, mode=0o755),
            File(_WANTED, cib.render(stack, fences, facts.slower), mode=0o600, notify=_REPLACE),
            File(
                "/etc/systemd/system/pacemaker.service.d/ashore.conf",
                _UNIT.format(wait=_members(len(stack.of_role(Role.LOADBALANCER)))),
                notify="systemctl daemon-reload",
            ),
        ),
        commands=(*(_TRUST.format(file=path) for path in trusted), seed),
        enable=("pacemaker.service",),
    )


def _members(count: int) -> str:
    """A shell command that ends when Corosync sees that many members."""
    seen = "corosync-quorumtool -s -p 2>/dev/null"
    return f'until {seen} | grep -qx "Nodes: *{count}"; do sleep 0.2; done'


# Options and defaults are merged: Pacemaker keeps facts of its own among them.
# Nodes and status are not ours at all.
_REPLACE = (
    "for scope in crm_config rsc_defaults alerts; do"
    f" cibadmin --modify --allow-create --scope $scope --xml-file {_WANTED} || exit 1; done;"
    " for scope in resources constraints; do"
    f" cibadmin --replace --scope $scope --xml-file {_WANTED} || exit 1; done"
)

# Taking over need not wait until the other machine has power again, so fencing
# is "off" and this is the other half of a reboot. A pause first: the processor
# is wanted for the takeover, and some BMCs ignore an On right after an Off. What
# an administrator switches off by hand stays off.
_POWER_ON_AGENT = """\
#!/bin/sh
# Pacemaker alert agent: powers a node on again that the cluster has fenced.
[ "$CRM_alert_kind" = fencing ] && [ "$CRM_alert_rc" = 0 ] || exit 0
case $CRM_alert_desc in
"Operation off of "*pacemaker-controld*) ;;
*) exit 0 ;;
esac
for pause in 2 3 5; do
\tsleep $pause
\tstonith_admin --unfence "$CRM_alert_node" --timeout 10 && exit 0
done
exit 1
"""

# The quorum device first, or the cluster begins without quorum and waits. Then
# the other load balancers, for a while: a cluster that forms without one of
# them has to fence it, though it may only boot more slowly.
_UNIT = """\
[Unit]
StartLimitIntervalSec=0
After=corosync-qdevice.service

[Service]
ExecStartPre=-/usr/bin/timeout 30 /bin/bash -c '{wait}'
Restart=always
RestartSec=1s
"""
