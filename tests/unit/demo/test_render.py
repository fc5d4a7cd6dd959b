import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ashore.demo import render
from ashore.image import ingredients
from ashore.model.load import loads_stack
from ashore.model.types import Stack
from tests.unit.components.golden import check


class Kept:
    """Secrets that are their own name."""

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        assert len(make()) >= 32
        return name.replace("demo/", "password-of-").encode()


def stack(machines: str = "") -> Stack:
    return loads_stack(f"apiVersion: ashore/v1\nkind: Stack\n{machines}", "test")


SMALL = "machines: {worker: {count: 1}, storage: {count: 0}}\n"
LARGE = "machines: {worker: {count: 5}}\n"


def objects(of: Stack) -> dict[str, Any]:
    found = render.manifest(of, Kept()).objects()
    return {f"{o['kind']}/{o['metadata']['name']}": o for o in found}


@pytest.mark.parametrize(("name", "machines"), [("default", ""), ("small", SMALL)])
def test_manifest(name: str, machines: str) -> None:
    text = re.sub(r"guestbook:[0-9a-f]{12}", "guestbook:TAG", manifest(stack(machines)))
    check(Path(__file__).parent, f"{name}.yaml", text)


def manifest(of: Stack) -> str:
    return render.manifest(of, Kept()).text


def test_the_last_object_carries_the_digest() -> None:
    last = render.manifest(stack(), Kept()).objects()[-1]
    assert (last["kind"], last["metadata"]["name"]) == ("Deployment", render.APP)


@pytest.mark.parametrize(("machines", "count"), [(SMALL, 2), ("", 2), (LARGE, 3)])
def test_a_leader_and_followers(machines: str, count: int) -> None:
    assert objects(stack(machines))["StatefulSet/guestbook-db"]["spec"]["replicas"] == count


def test_one_worker_holds_the_uploads_of_one_pod() -> None:
    small = objects(stack(SMALL))
    assert small["PersistentVolumeClaim/uploads"]["spec"]["storageClassName"] == "local"
    assert small["PersistentVolumeClaim/uploads"]["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert small["Deployment/guestbook"]["spec"]["replicas"] == 1
    large = objects(stack())
    assert large["PersistentVolumeClaim/uploads"]["spec"]["accessModes"] == ["ReadWriteMany"]
    assert large["Deployment/guestbook"]["spec"]["replicas"] == 2


def test_passwords_are_in_the_secret_alone() -> None:
    for key, each in objects(stack()).items():
        assert ("password-of" in repr(each)) == (key == "Secret/guestbook")


def test_pods_have_no_rights_that_they_do_not_need() -> None:
    for key in ("StatefulSet/guestbook-db", "Deployment/guestbook"):
        spec = objects(stack())[key]["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        (container,) = spec["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"]


def test_readiness_of_the_web_pods_does_not_ask_the_database() -> None:
    (container,) = objects(stack())["Deployment/guestbook"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"


def test_users_are_those_of_the_image() -> None:
    script = render.sources()["install.sh"].decode()
    found = objects(stack())
    for key, name in (("StatefulSet/guestbook-db", "postgres"), ("Deployment/guestbook", "guestb")):
        user = found[key]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
        assert re.search(rf"{name}\w*:x:{user}:{user}:", script)


def test_names() -> None:
    found = render.names(stack())
    assert found.host == "guestbook.demo.demo.internal"
    assert re.fullmatch(r"registry\.demo\.internal/demo/guestbook:[0-9a-f]{12}", found.image)


def test_the_tag_is_the_digest_of_what_the_image_is_built_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = render.names(stack()).image
    assert render.names(stack()).image == before
    monkeypatch.setattr(render, "sources", lambda: {"page.html": b"another"})
    assert render.names(stack()).image != before


def test_the_context_is_the_same_each_time_and_has_what_the_dockerfile_copies(
    tmp_path: Path,
) -> None:
    (tmp_path / ingredients.PACKAGES).mkdir()
    (tmp_path / ingredients.ROOT).write_bytes(b"root")
    (tmp_path / ingredients.PACKAGES / "a.deb").write_bytes(b"deb")
    archive = render.context(tmp_path)
    (tmp_path / ingredients.ROOT).touch()
    assert render.context(tmp_path) == archive
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        names = tar.getnames()
    assert {"Dockerfile", "debian.tar", "packages/a.deb", "guestbook.py"} <= set(names)
    dockerfile = render.sources()["Dockerfile"].decode()
    lines = [line.split() for line in dockerfile.splitlines() if "--from" not in line]
    copied = [word for verb, *words in filter(None, lines) if verb in ("ADD", "COPY")
              for word in words[:-1]]  # fmt: skip
    assert all(any(name.startswith(word) for name in names) for word in copied), copied


def test_a_payload_is_never_the_same() -> None:
    assert render.payload("base", 64) != render.payload("base", 64)
