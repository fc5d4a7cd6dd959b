"""The guestbook as text: its image's build context, and its objects in the cluster."""

import hashlib
import io
import json
import os
import secrets
import tarfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.image import ingredients
from ashore.model.types import Role, Stack
from ashore.plan.step import Secrets

NAMESPACE = "demo"
APP = "guestbook"
DATABASE = "guestbook-db"
PACKAGES = ("patroni", "postgresql-17", "python3-psycopg2")
"""What the image has of the distribution."""

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/{APP}"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{APP}"
STATEFUL_SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{DATABASE}"

TITLE = "<title>Guestbook</title>"
"""What the page has."""

_USERS = {APP: 171, DATABASE: 170}
"""As install.sh makes them in the image."""

_CONTEXT = ("Dockerfile", "guestbook.py", "install.sh", "page.html", "schema.sql")
_MOST_DATABASES = 3


@dataclass(frozen=True, slots=True)
class Names:
    """What the demo is called on a stack.

    Attributes:
        registry: the stack's own, as every machine names it.
        host: the name of the page.
        image: with a tag that is the digest of all that it is built from.
    """

    registry: str
    host: str
    image: str


def names(stack: Stack) -> Names:
    """The names. No I/O but reading the program's own files."""
    registry = f"registry.{stack.network.domain}"
    made = hashlib.sha256(ingredients.planned(PACKAGES, Path()).name.encode())
    for content in sources().values():
        made.update(hashlib.sha256(content).digest())
    host = f"{APP}.{NAMESPACE}.{stack.network.domain}"
    return Names(registry, host, f"{registry}/{NAMESPACE}/{APP}:{made.hexdigest()[:12]}")


def sources() -> dict[str, bytes]:
    """The files of the build context that are this program's own."""
    data = files(str(__package__)) / "data"
    return {name: (data / name).read_bytes() for name in _CONTEXT}


def context(place: Path) -> bytes:
    """The build context as a tar archive.

    Args:
        place: the ingredients.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, sources())
        for path in (place / ingredients.ROOT, *sorted((place / ingredients.PACKAGES).iterdir())):
            tar.add(path, str(path.relative_to(place)), filter=_anonymous)
    return out.getvalue()


def payload(base: str, size: int) -> bytes:
    """A build context for an image that no machine has a part of but its base."""
    parts = {"Dockerfile": f"FROM {base}\nCOPY blob /blob\n".encode(), "blob": os.urandom(size)}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, parts)
    return out.getvalue()


def _add(tar: tarfile.TarFile, parts: dict[str, bytes]) -> None:
    for name, content in parts.items():
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o644
        tar.addfile(member, io.BytesIO(content))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same for every run, so that Docker knows again what it has built before."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def manifest(stack: Stack, kept: Secrets) -> Manifest:
    """The guestbook's objects; its passwords are made for the stack."""
    workers = len(stack.of_role(Role.WORKER))
    shared = stack.storage is not None
    text = render(
        __package__,
        "guestbook.yaml",
        namespace=NAMESPACE,
        image=names(stack).image,
        passwords=passwords(kept),
        databases=databases(stack),
        # A volume of one worker is held by one pod.
        fronts=2 if shared else 1,
        shared=shared,
        spread={app: json.dumps(_spread(app, must=workers > 1)) for app in (APP, DATABASE)},
        pod_security={app: json.dumps(_pod_security(user)) for app, user in _USERS.items()},
        container_security=json.dumps(_CONTAINER_SECURITY),
    )
    return Manifest(text, DEPLOYMENT)


def databases(stack: Stack) -> int:
    """One on each worker, a leader and a follower at least, a leader and two at most."""
    return min(max(len(stack.of_role(Role.WORKER)), 2), _MOST_DATABASES)


def passwords(kept: Secrets) -> dict[str, str]:
    """Account of the database -> its password."""

    def password(name: str) -> str:
        made = kept.keep(f"demo/{name}", lambda: secrets.token_hex(24).encode())
        return made.decode()

    return {name: password(name) for name in ("superuser", "replication", "guestbook")}


def _spread(app: str, *, must: bool) -> list[dict[str, Any]]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule" if must else "ScheduleAnyway",
            "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": {"app": app}},
        }
    ]


def _pod_security(user: int) -> dict[str, Any]:
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
