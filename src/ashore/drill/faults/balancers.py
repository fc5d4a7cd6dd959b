"""What runs on a load balancer: Corosync, Pacemaker, and the quorum device they ask."""

from ashore.components.pacemaker.cib import IP
from ashore.drill.faults.described import (
    STOPPED,
    TAKEN_OVER,
    TIDY,
    UNNOTICED,
    Commanded,
    holder,
    last,
    resume,
    stop,
)
from ashore.drill.verdict import Bound
from ashore.model.types import Role

_AGAIN = 3.0
"""Seconds for which a client tries a request again: three of its time-outs."""

FAULTS = (
    Commanded(
        name="corosync-killed",
        title="Corosync is killed where the floating IP is",
        does="kill Corosync on {machine}, which has the floating IP",
        expected=(
            "served again within seconds: {machine} has left the cluster without a word, so"
            " {other} takes over after making sure that {machine} serves no longer"
        ),
        lasts=12.0,
        bounds=TAKEN_OVER,
        chooses=holder,
        breaks="systemctl kill --signal=KILL corosync.service",
        mends=TIDY,
    ),
    Commanded(
        name="corosync-hung",
        title="Corosync hangs where the floating IP is",
        does="stop Corosync on {machine} where it is (SIGSTOP); continue it later",
        expected=(
            "{other} has {machine} powered off and serves within seconds. Without fencing"
            " {machine} would keep the address: nobody there notices that it is alone"
        ),
        lasts=12.0,
        bounds=TAKEN_OVER,
        chooses=holder,
        breaks=stop("corosync.service"),
        mends=resume("corosync.service"),
        remains=STOPPED,
    ),
    Commanded(
        name="pacemaker-killed",
        title="Pacemaker is killed where the floating IP is",
        does="kill every process of Pacemaker on {machine}, which has the floating IP",
        expected=(
            "systemd starts it anew and it finds its resources running, or {other} takes over"
            " after having {machine} powered off"
        ),
        lasts=12.0,
        bounds=TAKEN_OVER,
        chooses=holder,
        breaks="systemctl kill --signal=KILL pacemaker.service",
        mends=TIDY,
    ),
    Commanded(
        name="quorum-device-lost",
        title="the quorum device's server is stopped",
        does="stop the quorum device's server on {machine}; start it again later",
        expected="nothing is noticed: the load balancers are two of three votes without it",
        lasts=8.0,
        bounds=UNNOTICED,
        chooses=last(Role.GATEWAY),
        breaks="systemctl stop corosync-qnetd.service",
        mends="systemctl start corosync-qnetd.service",
        remains="systemctl is-active -q corosync-qnetd.service || echo it is stopped",
    ),
    Commanded(
        name="planned-move",
        title="the floating IP is moved on purpose",
        does="move the floating IP from {machine} to {other}",
        expected=(
            "served again within a fraction of a second: it is taken from {machine} before {other}"
            " gets it, and neighbours are told"
        ),
        lasts=6.0,
        bounds=(
            Bound("api", gap=1.0, patience=_AGAIN),
            # A kept connection is silent until its request times out after 2 s.
            Bound("writes", gap=20.0, patience=_AGAIN + 2.0),
        ),
        chooses=holder,
        # Its end is waited for and checked: a cluster that does not move it is no pass.
        breaks=(
            f"crm_resource --resource {IP} --move --node {{other}} && crm_resource --wait"
            f" && crm_resource --resource {IP} --locate | grep -qw {{other}}"
        ),
        mends=f"crm_resource --clear --resource {IP}",
        remains=f"cibadmin --query --xpath \"//rsc_location[@rsc='{IP}']\" 2>/dev/null"
        ' | grep -o \'id="cli-[^"]*"\' || true',
    ),
)
