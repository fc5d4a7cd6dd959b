"""HAProxy on a load balancer: killed, hung, its configuration wrong or changed."""

from ashore.components.haproxy.render import CONFIG, SOCKET
from ashore.components.pacemaker.cib import HAPROXY, IP
from ashore.drill.fault import World
from ashore.drill.faults.described import (
    STOPPED,
    TAKEN_OVER,
    TIDY,
    UNNOTICED,
    Commanded,
    holder,
    resume,
    stop,
)
from ashore.drill.verdict import Bound
from ashore.errors import AshoreError
from ashore.model.types import Role

_SAVED = f"{CONFIG}.ashore-drill"

# Renamed into place: half of a copy must never come back as the configuration.
_SAVE = f"cp -p {CONFIG} {_SAVED}.new && mv {_SAVED}.new {_SAVED}"
_RESTORE = f"rm -f {_SAVED}.new; [ ! -e {_SAVED} ] || mv -f {_SAVED} {CONFIG}"
_UNRESTORED = f"grep -l nonsense {CONFIG} 2>/dev/null; ls {_SAVED} {_SAVED}.new 2>/dev/null || true"

_RELOAD = "systemctl try-reload-or-restart haproxy.service"
"""As `up` does after it has written the configuration."""

_AS_WRITTEN = (
    f"[ \"$(echo 'show stat -1 4 -1' | socat -t1 - UNIX-CONNECT:{SOCKET}"
    f" | grep -c '^kubernetes,')\" = \"$(grep -c '^  server ' {CONFIG})\" ]"
)
"""Whether HAProxy has as many servers as its configuration."""

_LAST_SERVER = f"sed -i \"$(grep -n '^  server ' {CONFIG} | tail -n 1 | cut -d: -f1)d\" {CONFIG}"

_MOVED = f"crm_resource --resource {IP} --locate 2>/dev/null | grep -qw {{other}}"
_START_FAILED = f"crm_mon --one-shot --output-as=xml | grep -q 'op_key=\"{HAPROXY}_start_0\"'"


def _require(test: str, otherwise: str) -> str:
    """Ends the script where the fault is not what it should be: that would prove nothing."""
    return f"{test} || {{{{ echo '{otherwise}' >&2; exit 1; }}}}"


# systemd cannot start it, so the cluster stops it here. Only when that is done
# is the cluster asked to start it again.
_REFUSED = "; ".join(
    (
        f"for i in $(seq 60); do {_MOVED} && break; sleep 0.2; done",
        _require(_MOVED, "the floating IP has not moved"),
        "crm_resource --wait --timeout=10s",
        f"crm_resource --cleanup --resource {HAPROXY} --node {{machine}} >/dev/null",
        "crm_resource --wait --timeout=10s",
        _require(_START_FAILED, "no start of HAProxy was refused"),
        _require(_MOVED, "the floating IP has moved back"),
    )
)


async def _every_balancer(world: World) -> dict[str, str]:
    """Both, of a stack that has a server to spare."""
    planes = len(world.machines(Role.CONTROLPLANE))
    if planes < 2:
        raise AshoreError(f"{world.stack.name} has {planes} control plane, this needs 2")
    return await holder(world)


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
        mends=TIDY,
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
        breaks=stop("haproxy.service"),
        mends=resume("haproxy.service"),
        remains=STOPPED,
    ),
    Commanded(
        name="haproxy-misconfigured",
        title="HAProxy is to reload a configuration that is wrong",
        does="write nonsense into HAProxy's configuration on {machine} and reload it",
        expected="nothing is lost: the reload is refused and the old configuration goes on serving",
        lasts=5.0,
        bounds=UNNOTICED,
        chooses=holder,
        breaks=(
            f"{_SAVE} && echo 'nonsense here' >>{CONFIG} && ! systemctl reload haproxy.service"
        ),
        mends=f"{_RESTORE}; systemctl reload haproxy.service || true; {TIDY}",
        remains=_UNRESTORED,
    ),
    Commanded(
        name="haproxy-broken-config",
        title="HAProxy ends where the floating IP is, and its configuration is wrong",
        does=(
            "write nonsense into HAProxy's configuration on {machine}, which has the floating IP,"
            " and kill HAProxy; then have the cluster start it there once more"
        ),
        expected=(
            "systemd cannot start it, the cluster notices within seconds, and the floating IP"
            " moves to {other}, whose HAProxy serves. The cluster's own start on {machine} is"
            " refused too, and moves nothing; with the right configuration it succeeds"
        ),
        lasts=12.0,
        bounds=TAKEN_OVER,
        chooses=holder,
        breaks=(
            f"{_SAVE} && echo 'nonsense here' >>{CONFIG}"
            f" && systemctl kill --signal=KILL haproxy.service || exit 1; {_REFUSED}"
        ),
        mends=f"{_RESTORE}; {TIDY}",
        remains=_UNRESTORED,
    ),
    Commanded(
        name="backends-changed",
        title="HAProxy's backends change",
        does=(
            "take the last control plane out of HAProxy's configuration on {machine} and {other}"
            " and reload it; put it back and reload again later"
        ),
        expected=(
            "no request fails: the new process takes the sockets over from the old one, which"
            " serves its connections to their end"
        ),
        lasts=6.0,
        bounds=(
            Bound("api", gap=1.0, failed=0),
            Bound("held", gap=1.0, failed=0),
            Bound("writes", gap=2.0, failed=0),
        ),
        chooses=_every_balancer,
        breaks=(
            f"{_SAVE} && {_LAST_SERVER} && {_RELOAD} || exit 1;"
            f" for i in $(seq 50); do {_AS_WRITTEN} && exit 0; sleep 0.1; done;"
            " echo HAProxy does not have the backends of its configuration >&2; exit 1"
        ),
        mends=f"{_RESTORE}; {_RELOAD}",
        remains=(
            f"{_UNRESTORED};"
            f" {_AS_WRITTEN} || echo HAProxy does not have the backends of its configuration"
        ),
        everywhere=True,
    ),
)
