"""What runs on a load balancer: HAProxy, Corosync, Pacemaker, and the quorum device they ask."""

from ashore.components.haproxy.render import CONFIG
from ashore.components.pacemaker.cib import IP
from ashore.drill.faults.described import Commanded, holder, last
from ashore.drill.verdict import Bound
from ashore.model.types import Role

_TIDY = "crm_resource --cleanup >/dev/null 2>&1 || true"
"""Failed actions are traces of the fault; the cluster would keep them for a while."""

_STOPPED = "ps -eo stat=,comm= | awk '$1 ~ /^T/ {{print $2 \" is stopped\"}}'"


def _stop(unit: str) -> str:
    return f"systemctl kill --signal=STOP {unit}"


def _continue(unit: str) -> str:
    return f"systemctl kill --signal=CONT {unit} 2>/dev/null || true; {_TIDY}"


_TAKEN_OVER = (Bound("api", gap=5.0), Bound("held", gap=7.0), Bound("writes", gap=8.0))
_UNNOTICED = (Bound("api", gap=1.0), Bound("writes", gap=2.0))
_BROKEN = f"{CONFIG}.ashore-drill"

FAULTS = (
    Commanded(
        name="haproxy-killed",
        title="HAProxy is killed where the floating IP is",
        does="kill HAProxy on {machine}, which has the floating IP",
        expected=(
            "served again within a fraction of a second: systemd starts it anew, sooner than any"
            " cluster could notice; the floating IP stays"
        ),
        lasts=5.0,
        bounds=(Bound("api", gap=0.5), Bound("held", gap=2.0), Bound("writes", gap=2.0)),
        chooses=holder,
        breaks="systemctl kill --signal=KILL haproxy.service",
        mends=_TIDY,
    ),
    Commanded(
        name="haproxy-hung",
        title="HAProxy hangs where the floating IP is",
        does="stop HAProxy on {machine} where it is (SIGSTOP); continue it later",
        expected=(
            "served again within seconds: the cluster's monitor gets no answer, and the floating"
            " IP moves to {other}, whose HAProxy answers"
        ),
        lasts=10.0,
        bounds=(Bound("api", gap=4.0), Bound("held", gap=6.0), Bound("writes", gap=7.0)),
        chooses=holder,
        breaks=_stop("haproxy.service"),
        mends=_continue("haproxy.service"),
        remains=_STOPPED,
    ),
    Commanded(
        name="haproxy-misconfigured",
        title="HAProxy is to reload a configuration that is wrong",
        does="write nonsense into HAProxy's configuration on {machine} and reload it",
        expected="nothing is lost: the reload is refused and the old configuration goes on serving",
        lasts=5.0,
        bounds=_UNNOTICED,
        chooses=holder,
        breaks=(
            f"cp -p {CONFIG} {_BROKEN} && echo 'nonsense here' >>{CONFIG}"
            " && ! systemctl reload haproxy.service"
        ),
        mends=(
            f"[ ! -e {_BROKEN} ] || mv -f {_BROKEN} {CONFIG}; systemctl reload haproxy.service"
            f" || true; {_TIDY}"
        ),
        remains=f"grep -l nonsense {CONFIG} {_BROKEN} 2>/dev/null || true",
    ),
    Commanded(
        name="corosync-killed",
        title="Corosync is killed where the floating IP is",
        does="kill Corosync on {machine}, which has the floating IP",
        expected=(
            "served again within seconds: {machine} has left the cluster without a word, so"
            " {other} takes over after making sure that {machine} serves no longer"
        ),
        lasts=12.0,
        bounds=_TAKEN_OVER,
        chooses=holder,
        breaks="systemctl kill --signal=KILL corosync.service",
        mends=_TIDY,
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
        bounds=_TAKEN_OVER,
        chooses=holder,
        breaks=_stop("corosync.service"),
        mends=_continue("corosync.service"),
        remains=_STOPPED,
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
        bounds=_TAKEN_OVER,
        chooses=holder,
        breaks="systemctl kill --signal=KILL pacemaker.service",
        mends=_TIDY,
    ),
    Commanded(
        name="quorum-device-lost",
        title="the quorum device's server is stopped",
        does="stop the quorum device's server on {machine}; start it again later",
        expected="nothing is noticed: the load balancers are two of three votes without it",
        lasts=8.0,
        bounds=_UNNOTICED,
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
        bounds=(Bound("api", gap=1.0), Bound("writes", gap=20.0)),
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
