"""The ways to keep the floating IP that are compared: ours and the two that people set up."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ashore import recipe
from ashore.components.cloudinit import render as cloudinit
from ashore.components.corosync.steps import steps as corosync_steps
from ashore.components.dnsmasq import render as dnsmasq
from ashore.components.haproxy import render as haproxy
from ashore.components.haproxy.steps import steps as haproxy_steps
from ashore.components.pacemaker import probe
from ashore.components.pacemaker.cib import IP
from ashore.components.pacemaker.steps import steps as pacemaker_steps
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine, Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect

Wait = Callable[[Connect, Stack], Awaitable[str]]
"""Says what keeps a pair of load balancers from being whole; empty if nothing does."""


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to keep the floating IP.

    Attributes:
        fragments: what a load balancer gets. steps: of the pair, after its boot.
        moves: shell command on the holder; `{other}` is the other load balancer.
        restores: shell command on every load balancer after each run.
    """

    name: str
    fragments: Callable[[Context, Machine], list[Fragment]]
    steps: Callable[[Context], list[Step]]
    whole: Wait
    moves: str
    restores: str


def _ours(ctx: Context, machine: Machine) -> list[Fragment]:
    return recipe.fragments(ctx, machine, recipe.access_of(ctx))


def _our_steps(ctx: Context) -> list[Step]:
    return [*corosync_steps(ctx), *haproxy_steps(ctx), *pacemaker_steps(ctx)]


async def _pair_whole(connect: Connect, stack: Stack) -> str:
    """Every node online, every resource where it belongs, nothing failed, in the eyes of both."""
    for balancer in stack.of_role(Role.LOADBALANCER):
        seen = await probe.cluster(connect, balancer.name)
        if seen is None:
            return f"{balancer.name}: no answer from Pacemaker"
        if len(seen.online) != 2 or not seen.quorate:
            return f"{balancer.name} sees {', '.join(seen.online) or 'nobody'}"
        if seen.failures:
            return seen.failures[0]
        if stopped := [r.name for r in seen.resources if r.node is None or r.failed]:
            return f"{balancer.name}: {', '.join(stopped)} stopped"
    return ""


def _no_steps(ctx: Context) -> list[Step]:
    return []


_MOVE = (
    f"crm_resource --resource {IP} --move --node {{other}} && crm_resource --wait"
    f" && crm_resource --resource {IP} --locate | grep -qw {{other}}"
)
_CLEAR = f"crm_resource --clear --resource {IP}; crm_resource --cleanup"

ASHORE = Setup("Ashore", _ours, _our_steps, _pair_whole, _MOVE, f"{_CLEAR} >/dev/null 2>&1 || true")


def _base(ctx: Context, machine: Machine) -> list[Fragment]:
    """What every setup has: the machine's own, and the same haproxy.cfg."""
    file = File(haproxy.CONFIG, haproxy.configuration(ctx.stack, ctx.facts))
    return [cloudinit.fragment(ctx.stack, machine), Fragment("haproxy", files=(file,))]


def _tutorial(ctx: Context, machine: Machine) -> list[Fragment]:
    live = "/var/lib/pacemaker/cib/cib.xml"
    secret = ctx.secrets.keep("bench/authkey", lambda: os.urandom(256))
    pair = Fragment(
        "tutorial",
        files=(
            File("/etc/corosync/corosync.conf", _tutorial_corosync(ctx.stack)),
            File("/etc/corosync/authkey", secret, mode=0o400),
            File(live, _tutorial_cib(ctx.stack), mode=0o600, owner="hacluster:haclient"),
        ),
        enable=("corosync.service", "pacemaker.service"),
    )
    return [*_base(ctx, machine), pair]


def _tutorial_corosync(stack: Stack) -> str:
    members = "".join(
        f"  node {{\n    name: {m.name}\n    nodeid: {m.index}\n    ring0_addr: {m.address}\n  }}\n"
        for m in stack.of_role(Role.LOADBALANCER)
    )
    return f"""\
totem {{
  version: 2
  cluster_name: tutorial
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
  token: 3000
}}
nodelist {{
{members}}}
system {{
  sched_rr: no
  priority: max
}}
quorum {{
  provider: corosync_votequorum
  two_node: 1
}}
logging {{
  to_syslog: yes
}}
"""


def _tutorial_cib(stack: Stack) -> str:
    network = stack.network
    nodes = "".join(
        f'<node id="{m.index}" uname="{m.name}"/>' for m in stack.of_role(Role.LOADBALANCER)
    )

    def operations(name: str) -> str:
        return (
            f'<operations><op id="{name}-monitor" name="monitor" interval="20s" timeout="20s"/>'
            "</operations>"
        )

    return f"""\
<cib crm_feature_set="3.20.0" validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" \
num_updates="0"><configuration><crm_config><cluster_property_set id="options">\
<nvpair id="stonith" name="stonith-enabled" value="false"/>\
<nvpair id="quorum" name="no-quorum-policy" value="ignore"/>\
</cluster_property_set></crm_config><nodes>{nodes}</nodes><resources>\
<primitive id="{IP}" class="ocf" provider="heartbeat" type="IPaddr2">\
<instance_attributes id="ip-attributes"><nvpair id="ip" name="ip" value="{network.floating}"/>\
<nvpair id="mask" name="cidr_netmask" value="{network.cidr.prefixlen}"/>\
</instance_attributes>{operations(IP)}</primitive>\
<primitive id="haproxy" class="systemd" type="haproxy">{operations("haproxy")}</primitive>\
</resources><constraints>\
<rsc_colocation id="together" rsc="haproxy" with-rsc="{IP}" score="INFINITY"/>\
<rsc_order id="in-order" first="{IP}" then="haproxy"/>\
</constraints></configuration><status/></cib>
"""


TUTORIAL = Setup(
    "tutorial", _tutorial, _no_steps, _pair_whole, _MOVE, f"{_CLEAR} >/dev/null 2>&1 || true"
)


def _keepalived(ctx: Context, machine: Machine) -> list[Fragment]:
    """As kubeadm's guide to high availability has it: check every 3 s, down after 10."""
    first = machine.index == 1
    pair = Fragment(
        "keepalived",
        files=(
            File("/etc/keepalived/keepalived.conf", _keepalived_conf(ctx.stack, first=first)),
            File("/etc/keepalived/check_apiserver.sh", _CHECK, mode=0o755),
        ),
        enable=("haproxy.service", "keepalived.service"),
    )
    return [*_base(ctx, machine), pair]


_CHECK = """\
#!/bin/sh
curl -sfk --max-time 2 https://localhost:6443/healthz -o /dev/null || exit 1
"""


def _keepalived_conf(stack: Stack, *, first: bool) -> str:
    state, priority = ("MASTER", 101) if first else ("BACKUP", 100)
    return f"""\
global_defs {{
  router_id LVS_DEVEL
  script_user root
  enable_script_security
}}
vrrp_script check_apiserver {{
  script "/etc/keepalived/check_apiserver.sh"
  interval 3
  weight -2
  fall 10
  rise 2
}}
vrrp_instance VI_1 {{
  state {state}
  interface eth0
  virtual_router_id 51
  priority {priority}
  authentication {{
    auth_type PASS
    auth_pass 42
  }}
  virtual_ipaddress {{
    {stack.network.floating}/{stack.network.cidr.prefixlen}
  }}
  track_script {{
    check_apiserver
  }}
}}
"""


async def _keepalived_whole(connect: Connect, stack: Stack) -> str:
    for unit in ("haproxy", "keepalived"):
        for balancer in stack.of_role(Role.LOADBALANCER):
            argv = ["systemctl", "is-active", "--quiet", f"{unit}.service"]
            done = await connect(balancer.name).run(argv, check=False, timeout=5)
            if done.returncode != 0:
                return f"{unit} does not run on {balancer.name}"
    return ""


KEEPALIVED = Setup(
    "keepalived",
    _keepalived,
    _no_steps,
    _keepalived_whole,
    "systemctl stop keepalived.service",
    "systemctl start keepalived.service",
)

SETUPS: Sequence[Setup] = (ASHORE, TUTORIAL, KEEPALIVED)


def gateway(ctx: Context, machine: Machine, setup: Setup) -> list[Fragment]:
    """The gateway's fragments: the quorum device's server is ours alone."""
    if setup is ASHORE:
        return _ours(ctx, machine)
    return [cloudinit.fragment(ctx.stack, machine), dnsmasq.fragment(ctx.stack, ctx.upstream)]
