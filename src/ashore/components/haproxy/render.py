"""The load balancers' HAProxy, from the model."""

from importlib.resources import files

from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts
from ashore.model.types import Role, Stack

CONFIG = "/etc/haproxy/haproxy.cfg"
SOCKET = "/run/haproxy/admin.sock"
AGENT = "/usr/lib/ocf/resource.d/ashore/haproxy"
API_PORT = 6443
MONITOR_PORT = 8404


def fragment(stack: Stack, facts: HostFacts) -> Fragment:
    """A load balancer's share. Nothing is enabled: the cluster starts and stops HAProxy."""
    return Fragment(
        "haproxy",
        files=(
            # A reload hands the sockets over and refuses a wrong file; on the
            # machine where the cluster has stopped HAProxy there is nothing to do.
            File(
                CONFIG,
                configuration(stack, facts),
                notify="systemctl try-reload-or-restart haproxy",
            ),
            File(
                "/etc/systemd/system/haproxy.service.d/ashore.conf",
                _UNIT,
                notify="systemctl daemon-reload",
            ),
            File(AGENT, agent(), mode=0o755),
        ),
    )


def agent() -> str:
    """The OCF agent by which the cluster runs HAProxy."""
    return (files("ashore.components.haproxy") / "data" / "ocf-haproxy").read_text()


def configuration(stack: Stack, facts: HostFacts) -> str:
    """`haproxy.cfg`.

    The API's own long silences (`watch`, `logs -f`, `exec`) decide the
    time-outs of an hour; what is dead is found by TCP keepalive and by the
    checks. They are made over TLS without verifying: they ask for health, and
    every client verifies the server itself.
    """
    servers = "".join(
        f"  server {m.name} {m.address}:{API_PORT}\n" for m in stack.of_role(Role.CONTROLPLANE)
    )
    slower = facts.slower
    return f"""\
global
  log /dev/log local0 warning
  stats socket {SOCKET} mode 600 level admin
  user haproxy
  group haproxy
  maxconn 4000

defaults
  mode tcp
  log global
  option dontlognull
  option clitcpka
  option srvtcpka
  option redispatch
  retries 3
  timeout connect {2 * slower}s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  timeout check {2 * slower}s

frontend monitor
  mode http
  bind 127.0.0.1:{MONITOR_PORT}
  timeout client 5s
  monitor-uri /healthz

frontend kubernetes
  bind :{API_PORT}
  default_backend kubernetes

backend kubernetes
  balance leastconn
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host {stack.api_name}
  http-check expect status 200
  default-server check check-ssl verify none check-sni {stack.api_name} inter {slower}s \
fastinter {250 * slower}ms downinter {250 * slower}ms fall 2 rise 2 on-marked-down shutdown-sessions
{servers}"""


# A crash is mended here, sooner than any cluster could; a hang is the
# cluster's. The stock watchdog would only kill what the cluster already handles.
# systemd may be 250 ms late for a pause before a restart, so there is none: what
# cannot start at all is stopped by the cluster's monitor a second later.
_UNIT = """\
[Unit]
StartLimitIntervalSec=0

[Service]
RuntimeDirectory=haproxy
RuntimeDirectoryPreserve=yes
Restart=always
RestartSec=0
RestartMode=direct
BindReadOnlyPaths=
WatchdogSec=0
"""
