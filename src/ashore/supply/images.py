"""How the images of the default stack are laid out when they are made here.

Paths and entry points are those of the upstream images, so that a manifest
written for those works with these.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ashore.supply.oci import Entry, Spec, write_image, write_layer
from ashore.supply.versions import Versions

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n",
    "etc/group": b"root:x:0:\nnobody:x:65534:\n",
    "etc/nsswitch.conf": b"hosts: files dns\n",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image: `programs` maps a path in it to the name of a built program.

    Attributes:
        tools: programs of the distribution are called (nft, iptables, sh), so
            they must be in the image.
    """

    image: str
    programs: tuple[tuple[str, str], ...]
    entrypoint: tuple[str, ...] = ()
    tools: bool = False


def _kubernetes(name: str, *, tools: bool = False) -> Recipe:
    return Recipe(name, ((f"usr/local/bin/{name}", name),), tools=tools)


RECIPES = (
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kube-proxy", tools=True),
    Recipe("etcd", (("usr/local/bin/etcd", "etcd"), ("usr/local/bin/etcdctl", "etcdctl"))),
    Recipe("coredns", (("coredns", "coredns"),), ("/coredns",)),
    Recipe("pause", (("pause", "pause"),), ("/pause",)),
    Recipe("flannel", (("opt/bin/flanneld", "flanneld"),), ("/opt/bin/flanneld",), tools=True),
    # Its helper pods run from the same image: the shell and rm of the tools.
    Recipe(
        "local-path-provisioner",
        (("usr/bin/local-path-provisioner", "local-path-provisioner"),),
        tools=True,
    ),
    Recipe("metallb-controller", (("controller", "metallb-controller"),), ("/controller",)),
    Recipe("metallb-speaker", (("speaker", "metallb-speaker"),), ("/speaker",)),
    Recipe("metrics-server", (("metrics-server", "metrics-server"),), ("/metrics-server",)),
)


def build(
    recipe: Recipe,
    versions: Versions,
    architecture: str,
    programs: Path,
    target: Path,
    below: Iterable[Path] = (),
) -> None:
    """Write the image's OCI-layout tar at `target`.

    Args:
        programs: the directory of built programs.
        below: layer files under the program's own layer (network tools).
    """
    entries = [Entry(path, programs / name) for path, name in recipe.programs]
    lower = tuple(below)
    if not lower:
        entries += [Entry(path, text, mode=0o644) for path, text in _ACCOUNTS.items()]
        entries.append(Entry("tmp", mode=0o1777))
        if _CERTIFICATES.exists():
            entries.append(Entry(str(_CERTIFICATES)[1:], _CERTIFICATES, mode=0o644))
    layer = target.with_suffix(".layer")
    write_layer(layer, entries)
    spec = Spec(versions.image(recipe.image), architecture, recipe.entrypoint)
    write_image(target, spec, [*lower, layer])
    layer.unlink()


def names(versions: Versions) -> tuple[str, ...]:
    """The full references of every image of the default stack."""
    return tuple(versions.image(recipe.image) for recipe in RECIPES)
