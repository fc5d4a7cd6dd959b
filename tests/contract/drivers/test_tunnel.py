"""The tunnel into a stack of VirtualBox, to a gateway that is a namespace with an sshd.

The gateway's other network has a machine beside it, which knows nothing of the tunnel.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.drivers.virtualbox import tunnel
from ashore.drivers.virtualbox.tunnel import Tunnel
from ashore.events import ignore
from ashore.host import links
from ashore.host.run import run
from ashore.image import rootfs
from ashore.state.paths import cache_root
from ashore.transport import ssh
from ashore.transport.ssh import Login, SshTransport, Way
from tests.contract.machines import HOST_KEYS, KEY, login, needs_root
from tests.contract.tunnel import NAMES, NETWORK, Beside, answers, beside, ip, reached

pytestmark = pytest.mark.machines

SPACE = "vbx-gateway"
HERE, THERE = IPv4Address("10.98.0.1"), IPv4Address("10.98.0.2")
SECONDS = 30.0

SSHD = """\
set -eu
mount -t overlay overlay -o lowerdir={root},upperdir={place}/upper,workdir={place}/work {place}/root
cd {place}/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --bind /dev dev
mkdir -p run/sshd root/.ssh
chmod 0700 root root/.ssh
cp {place}/user.pub root/.ssh/authorized_keys
install -m 0600 {place}/host etc/ssh/host
exec chroot . /usr/sbin/sshd -D -e -o HostKey=/etc/ssh/host -o UsePAM=no \\
    -o PermitTunnel=point-to-point
"""


def lay(*, port: str) -> None:
    """A namespace with the two cards of a gateway, the second one leading to a link here."""
    ip("netns", "add", SPACE)
    ip("link", "add", "vbx-here", "type", "veth", "peer", "name", "nat0", "netns", SPACE)
    ip("address", "add", f"{HERE}/24", "dev", "vbx-here")
    ip("link", "set", "vbx-here", "up")
    ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", SPACE)
    ip("-n", SPACE, "link", "set", "lo", "up")
    for card, address in (("nat0", THERE), ("eth0", NETWORK.gateway)):
        ip("-n", SPACE, "address", "add", f"{address}/24", "dev", card)
        ip("-n", SPACE, "link", "set", card, "up")


@contextmanager
def gateway(place: Path) -> Iterator[None]:
    """sshd of the golden root file system in that namespace."""
    for name in ("upper", "work", "root"):
        (place / name).mkdir()
    (place / "user.pub").write_text(KEY.public + "\n")
    (place / "host").write_bytes(HOST_KEYS["gw"].private)
    (place / "host").chmod(0o600)
    root = asyncio.run(rootfs.obtain(cache_root(), ignore))
    space = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    argv = ["ip", "netns", "exec", SPACE, *space, "sh", "-c", SSHD.format(root=root, place=place)]
    log = (place / "sshd.log").open("wb")
    process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    needs_root()
    try:
        lay(port="vbx-port")
        place = tmp_path_factory.mktemp("gateway")
        with gateway(place), beside("vbx-port") as made:
            yield made
    finally:
        subprocess.run(["ip", "netns", "delete", SPACE], check=False, capture_output=True)


@pytest.fixture
def keys(tmp_path: Path) -> Callable[[], Login]:
    return lambda: login(tmp_path / "keys")


@pytest.fixture
def way(tmp_path: Path) -> Way:
    return Way("gw", THERE, tmp_path / "ssh.sock", HERE)


@pytest.fixture
async def laid(
    tmp_path: Path, way: Way, keys: Callable[[], Login], machine: Beside
) -> AsyncIterator[Tunnel]:
    made = Tunnel(NAMES, NETWORK, tmp_path / "tunnel")
    await made.destroy()
    assert await made.drift(way, keys) == [f"no link {NAMES.link} into the stack on the host"]
    await made.apply(way, keys)
    try:
        yield made
    finally:
        await made.destroy()
    assert await made.left() == []
    assert NAMES.link not in await links.links()
    assert tunnel.service(NAMES.stack).processes() == []


async def test_both_reach_each_other(
    laid: Tunnel, way: Way, keys: Callable[[], Login], machine: Beside
) -> None:
    await answers(machine, SECONDS)
    assert await laid.drift(way, keys) == []


async def test_it_comes_back_when_it_is_killed(laid: Tunnel, machine: Beside) -> None:
    await answers(machine, SECONDS)
    assert tunnel.service(NAMES.stack).kill()
    # The addresses are there all the time: what listens on them does not notice.
    assert len((await links.links())[NAMES.link].addresses) == 2
    await answers(machine, SECONDS)


async def test_the_gateways_own_settings_do_not_end_it(laid: Tunnel, machine: Beside) -> None:
    await answers(machine, SECONDS)
    # The kernel heeds a change only.
    for value in (1, 0):
        inside = ["ip", "netns", "exec", SPACE]
        await run([*inside, "sysctl", "-q", f"net.ipv4.ip_forward={value}"])
    await answers(machine, SECONDS)


async def test_a_second_apply_replaces_it(
    laid: Tunnel, way: Way, keys: Callable[[], Login], machine: Beside
) -> None:
    before = tunnel.service(NAMES.stack).processes()
    await laid.apply(way, keys)
    assert not set(before) & set(tunnel.service(NAMES.stack).processes())
    assert await laid.drift(way, keys) == []
    await answers(machine, SECONDS)


async def test_commands_go_through_the_gateway(
    tmp_path: Path, way: Way, keys: Callable[[], Login], machine: Beside
) -> None:
    # The gateway again, by an address to which this computer has no way: no tunnel is laid.
    inner = Way("gw", NETWORK.gateway, tmp_path / "inner.sock", through=way)
    try:
        await reached(SshTransport(inner, keys, lambda: True), SECONDS)
    finally:
        await ssh.close(inner.control)
