"""The gateway's dnsmasq and packet filter, from the model."""

from collections.abc import Sequence

from ashore.model.fragment import File, Fragment
from ashore.model.types import NAMES_PORT, Stack

_DIRECTORY = "/etc/ashore/dnsmasq"
_REREAD = "/usr/local/libexec/ashore/dnsmasq-reread"
_LEASES = "/var/lib/misc/dnsmasq.leases"
_RESTART = "systemctl daemon-reload && systemctl restart dnsmasq"
_UNITS_WITH_UPLINK = ("dnsmasq.service", "nftables.service")
_PID = "/run/dnsmasq/dnsmasq.pid"


def fragment(stack: Stack, upstream: Sequence[str] | None) -> Fragment:
    """The gateway's share.

    Args:
        upstream: addresses of DNS servers outside the stack; None without an
            uplink, when nothing is forwarded, neither packets nor questions.
    """
    files = [
        File(_REREAD, _REREAD_SCRIPT, mode=0o755),
        File(f"{_DIRECTORY}/dnsmasq.conf", configuration(stack, upstream), notify=_RESTART),
        # dnsmasq reads these three again on SIGHUP: a machine more needs no restart.
        File(f"{_DIRECTORY}/dhcp-hosts", dhcp_hosts(stack), notify=_REREAD),
        File(f"{_DIRECTORY}/hosts", hosts(stack), notify=_REREAD),
        File(f"{_DIRECTORY}/servers", servers(stack), notify=_REREAD),
        File("/etc/systemd/system/dnsmasq.service.d/ashore.conf", _UNIT, notify=_RESTART),
        File(
            "/etc/sysctl.d/60-ashore-forward.conf",
            f"net.ipv4.ip_forward = {0 if upstream is None else 1}\n"
            # One interface for both ways: hosts would be told to bypass it.
            "net.ipv4.conf.all.send_redirects = 0\n"
            "net.ipv4.conf.eth0.send_redirects = 0\n",
            notify="sysctl -q -p /etc/sysctl.d/60-ashore-forward.conf",
        ),
        File(
            "/etc/systemd/network/10-cloud-init-eth0.network.d/60-ashore-uplink.conf",
            "" if upstream is None else way_out(stack),
            notify="networkctl reload",
        ),
        File(
            "/etc/nftables.conf",
            "flush ruleset\n" if upstream is None else forwarding(stack),
            notify="systemctl enable nftables && nft -f /etc/nftables.conf",
        ),
    ]
    return Fragment(
        "dnsmasq",
        files=tuple(files),
        commands=(
            "sysctl -q -p /etc/sysctl.d/60-ashore-forward.conf",
            # networkd has read its files before cloud-init writes this one.
            *(() if upstream is None else ("networkctl reload",)),
        ),
        enable=("dnsmasq.service",) if upstream is None else _UNITS_WITH_UPLINK,
    )


def configuration(stack: Stack, upstream: Sequence[str] | None) -> str:
    """`dnsmasq.conf`.

    Machines of the model have their name by the hosts file alone, whether they
    hold a lease or not; a stranger has the name that it brings, unless a
    machine has it.
    """
    network = stack.network
    first, last = network.dynamic
    lines = [
        "interface=eth0",
        "bind-dynamic",
        "no-hosts",
        "no-resolv",
        "no-poll",
        f"domain={network.domain},{network.cidr}",
        f"local=/{_reverse_zone(stack)}/",
        "domain-needed",
        "bogus-priv",
        f"addn-hosts={_DIRECTORY}/hosts",
        f"servers-file={_DIRECTORY}/servers",
        f"dhcp-hostsfile={_DIRECTORY}/dhcp-hosts",
        "dhcp-ignore-names=tag:known",
        "local-ttl=2",
        "neg-ttl=2",
        "dhcp-authoritative",
        "dhcp-rapid-commit",
        "no-ping",
        f"dhcp-leasefile={_LEASES}",
        f"dhcp-range={first},{last},{network.cidr.netmask},1h",
        f"dhcp-option=option:dns-server,{network.gateway}",
        f"dhcp-option=option:domain-search,{network.domain}",
    ]
    if upstream is None:
        lines += [
            # A definite answer at once, where a refusal would be asked again.
            "address=/#/",
            # No way out, and a connection out fails at once. Service addresses
            # still need some route: the kernel looks for one before kube-proxy's
            # rules give the packet its real destination.
            "dhcp-option=option:router",
            "dhcp-option=option:classless-static-route,"
            f"{stack.kubernetes.service_cidr},{network.gateway}",
        ]
    else:
        lines += [f"dhcp-option=option:router,{network.gateway}"]
        lines += [f"server={address}" for address in upstream]
    return "\n".join(lines) + "\n"


def dhcp_hosts(stack: Stack) -> str:
    """MAC to address for every machine but the gateway; the lease never ends.

    A machine so keeps its address however long the gateway is away.
    """
    return "".join(
        f"{m.mac},{m.address},infinite\n"
        for m in stack.machines
        if m.address != stack.network.gateway
    )


def hosts(stack: Stack) -> str:
    """Names of machines, floating IP and registry; the reverse is an address's first name."""
    lines = [f"{m.address} {stack.fqdn(m)} {m.name}\n" for m in stack.machines]
    api = f"{stack.network.floating} {stack.api_name} api\n"
    return "".join([api, *lines, f"{stack.network.gateway} {stack.registry_name} registry\n"])


def servers(stack: Stack) -> str:
    """Who knows the names of the domain: of machines dnsmasq alone, of all others CoreDNS.

    Without the former, a question for an IPv6 address of a machine would wait
    for CoreDNS, whether it runs or not.
    """
    known = [stack.api_name, stack.registry_name, *map(stack.fqdn, stack.machines)]
    others = f"server=/{stack.network.domain}/127.0.0.1#{NAMES_PORT}\n"
    return "".join([others, *(f"server=/{name}/\n" for name in known)])


def way_out(stack: Stack) -> str:
    """The gateway's default route with an uplink: this computer's link into the stack."""
    return f"[Route]\nGateway={stack.network.host}\n" if stack.linked else ""


def forwarding(stack: Stack) -> str:
    """Rules for nftables with an uplink: out for the stack's own, in for answers only."""
    cidr = stack.network.cidr
    return f"""\
flush ruleset
table ip ashore {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ip saddr {cidr} accept
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {cidr} ip daddr != {cidr} masquerade
  }}
}}
"""


def _reverse_zone(stack: Stack) -> str:
    """The part of in-addr.arpa in which all of the stack's addresses are."""
    cidr = stack.network.cidr
    octets = str(cidr.network_address).split(".")[: cidr.prefixlen // 8]
    return ".".join([*reversed(octets), "in-addr", "arpa"])


# A lease carries a name, and leases are read at the start alone. Those without an
# end (expiry 0) are of machines in the model: one that is no longer in it goes.
_REREAD_SCRIPT = f"""\
#!/bin/sh
# Make dnsmasq read its hosts again, and forget machines that are gone.
set -e
hosts={_DIRECTORY}/dhcp-hosts leases={_LEASES}
known='NR == FNR {{ known[$1]; next }} $1 != 0 || $2 in known'
keep() {{ awk -F'[ ,]' "$known" "$hosts" "$leases"; }}
[ -e "$leases" ] && ! keep | cmp -s - "$leases" || exec systemctl reload dnsmasq
systemctl stop dnsmasq
keep >"$leases.new"
mv "$leases.new" "$leases"
systemctl start dnsmasq
"""

# The packaged unit starts dnsmasq through shell wrappers that look for
# settings which are all in our own file; without them it serves sooner.
_UNIT = f"""\
[Unit]
StartLimitIntervalSec=0

[Service]
RuntimeDirectory=dnsmasq
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/dnsmasq --conf-file={_DIRECTORY}/dnsmasq.conf --pid-file={_PID}
ExecStartPost=
ExecStop=
Restart=always
RestartSec=100ms
"""
