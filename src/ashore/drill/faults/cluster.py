"""What runs on control planes and workers."""

from ashore.drill.fault import World
from ashore.drill.faults.described import STOPPED, UNNOTICED, Commanded, last
from ashore.drill.faults.machines import Killed
from ashore.drill.verdict import Bound
from ashore.errors import AshoreError
from ashore.model.types import Role

_MANIFEST = "/etc/kubernetes/manifests/etcd.yaml"
_ASIDE = "/etc/kubernetes/ashore-drill-etcd.yaml"
_ONE_OF_THREE = (Bound("api", gap=2.0), Bound("held", gap=8.0), Bound("writes", gap=8.0))


def _signal(number: str, program: str) -> str:
    return f"kill -{number} $(pidof {program})"


async def _majority(world: World) -> dict[str, str]:
    """Two of three."""
    planes = world.machines(Role.CONTROLPLANE)
    if len(planes) != 3:
        raise AshoreError(f"{world.stack.name} has {len(planes)} control planes, this needs 3")
    return {"machine": planes[2].name, "second": planes[1].name}


FAULTS = (
    Commanded(
        name="apiserver-killed",
        title="an API server is killed",
        does="kill the API server on {machine}",
        expected=(
            "new connections are served by the others: HAProxy is refused, tries another server,"
            " and takes {machine} out; the kubelet starts the API server again"
        ),
        lasts=10.0,
        bounds=_ONE_OF_THREE,
        chooses=last(Role.CONTROLPLANE),
        breaks=_signal("KILL", "kube-apiserver"),
    ),
    Commanded(
        name="apiserver-hung",
        title="an API server hangs",
        does="stop the API server on {machine} where it is (SIGSTOP); continue it later",
        expected=(
            "until HAProxy's checks have failed twice, every third new connection hangs; then"
            " {machine} is out and its sessions are closed. The kubelet's own probe would kill it"
            " later"
        ),
        lasts=12.0,
        bounds=(Bound("api", gap=2.0), Bound("held", gap=9.0), Bound("writes", gap=9.0)),
        chooses=last(Role.CONTROLPLANE),
        breaks=_signal("STOP", "kube-apiserver"),
        mends=f"{_signal('CONT', 'kube-apiserver')} 2>/dev/null || true",
        remains=STOPPED,
    ),
    Commanded(
        name="etcd-killed",
        title="a member of etcd is killed",
        does="kill etcd on {machine}",
        expected=(
            "writes stall for at most the election of a new leader; the kubelet starts the member"
            " again and it catches up"
        ),
        lasts=10.0,
        bounds=_ONE_OF_THREE,
        chooses=last(Role.CONTROLPLANE),
        breaks=_signal("KILL", "etcd"),
    ),
    Commanded(
        name="etcd-member-lost",
        title="a member of etcd is gone for a while",
        does="take etcd's manifest away on {machine} and kill it; put it back later",
        expected=(
            "two of three members go on; {machine}'s API server is no longer ready, so HAProxy"
            " takes it out until the member is back"
        ),
        lasts=20.0,
        bounds=_ONE_OF_THREE,
        chooses=last(Role.CONTROLPLANE),
        breaks=f"mv {_MANIFEST} {_ASIDE} && {_signal('KILL', 'etcd')}",
        mends=f"[ ! -e {_ASIDE} ] || mv -f {_ASIDE} {_MANIFEST}",
        remains=f"ls {_ASIDE} 2>/dev/null || true",
    ),
    # Not by their manifests: a kubelet that is to stop its etcd waits 34 s for each
    # answer of the API server that has none any more, and starts nothing meanwhile.
    Killed(
        name="etcd-quorum-lost",
        title="a majority of etcd's members is gone for a while",
        does="switch {machine} and {second} off at once; switch them on again later",
        expected=(
            "no write is acknowledged while they are gone, and none that was acknowledged is lost;"
            " afterwards they find each other and go on by themselves"
        ),
        lasts=15.0,
        bounds=(Bound("api", gap=90.0), Bound("writes", gap=90.0)),
        chooses=_majority,
    ),
    Commanded(
        name="kubelet-killed",
        title="a worker's kubelet is killed",
        does="kill the kubelet on {machine}",
        expected="nothing is noticed: systemd starts it again, its pods run on meanwhile",
        lasts=5.0,
        bounds=UNNOTICED,
        chooses=last(Role.WORKER),
        breaks="systemctl kill --signal=KILL kubelet.service",
    ),
    Commanded(
        name="containerd-killed",
        title="a worker's containerd is killed",
        does="kill containerd on {machine}, and nothing that it has started",
        expected="nothing is noticed: systemd starts it again and it finds its containers running",
        lasts=5.0,
        bounds=UNNOTICED,
        chooses=last(Role.WORKER),
        breaks="systemctl kill --kill-whom=main --signal=KILL containerd.service",
    ),
    Commanded(
        name="dns-stopped",
        title="the gateway's DNS and DHCP stop",
        does="stop dnsmasq on {machine}; start it again later",
        expected=(
            "names are not resolved meanwhile; the API is served as before, since nothing in the"
            " stack needs a name to find it"
        ),
        lasts=6.0,
        bounds=(*UNNOTICED, Bound("names", gap=15.0)),
        chooses=last(Role.GATEWAY),
        breaks="systemctl stop dnsmasq.service",
        mends="systemctl start dnsmasq.service",
        remains="systemctl is-active -q dnsmasq.service || echo it is stopped",
    ),
    Commanded(
        name="dhcp-stopped",
        title="the gateway's DHCP stops while a stranger renews its lease",
        does=(
            "stop dnsmasq on {machine} while a client that no file names holds a lease; start it"
            " again later"
        ),
        expected=(
            "the client's renewals fail meanwhile and it keeps its address, which is its own for"
            " an hour; afterwards the same address is renewed, since leases are kept on disk"
        ),
        lasts=6.0,
        bounds=(*UNNOTICED, Bound("lease", gap=15.0)),
        chooses=last(Role.GATEWAY),
        breaks="systemctl stop dnsmasq.service",
        mends="systemctl start dnsmasq.service",
        remains="systemctl is-active -q dnsmasq.service || echo it is stopped",
    ),
)
