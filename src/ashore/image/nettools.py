"""The layer of tools below images that call some: nft, iptables, conntrack, a shell.

Copied from the golden root with the shared libraries that they name: 15 MB
where a whole distribution would be 130.
"""

import re
from pathlib import Path

from ashore.host.run import run
from ashore.supply.oci import Entry, write_layer

_PROGRAMS = (
    "usr/sbin/nft",
    "usr/sbin/conntrack",
    "usr/sbin/xtables-nft-multi",
    "usr/bin/ip",
    # For kube-proxy and flannel those above, for the helper of volumes these.
    "usr/bin/dash",
    "usr/bin/mkdir",
    "usr/bin/rm",
)
_IPTABLES = (
    "iptables",
    "iptables-nft",
    "iptables-restore",
    "iptables-save",
    "ip6tables",
    "ip6tables-nft",
    "ip6tables-restore",
    "ip6tables-save",
)
_FILES = ("etc/passwd", "etc/group", "etc/nsswitch.conf", "etc/protocols", "etc/services")
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


async def write(root: Path, layer: Path) -> None:
    """Write the layer from a distribution's root.

    Raises:
        CommandFailed: a tool or a library is missing in the root.
    """
    paths = set(_PROGRAMS)
    extensions = sorted(root.glob("usr/lib/*-linux-gnu/xtables/*.so"))
    paths |= {str(path.relative_to(root)) for path in extensions}
    done = await run(["chroot", str(root), "ldd", *(f"/{path}" for path in sorted(paths))])
    paths |= {f"usr/{name.removeprefix('usr/')}" for name in libraries(done.text)}
    entries = [_entry(root, path) for path in sorted(paths)]
    entries += [_entry(root, path) for path in (*_FILES, _CERTIFICATES)]
    entries += [Entry(f"usr/sbin/{name}", link="xtables-nft-multi") for name in _IPTABLES]
    entries.append(Entry("usr/bin/sh", link="dash"))
    # A merged /usr, as in the distribution: programs name /lib64/ld-linux.
    entries += [Entry(name, link=f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")]
    entries += [Entry("run"), Entry("tmp", mode=0o1777)]
    write_layer(layer, entries)


def libraries(ldd: str) -> set[str]:
    """The absolute paths in what ldd printed, without the leading slash."""
    return {found[1:] for found in re.findall(r"(/\S+) \(0x", ldd)}


def _entry(root: Path, path: str) -> Entry:
    source = (root / path).resolve()
    return Entry(path, source, mode=source.stat().st_mode & 0o755)
