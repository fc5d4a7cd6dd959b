"""From a Dockerfile to a running pod: Docker, the registry, images put onto nodes."""

import base64
import json
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ashore.supply import oci
from ashore.supply.machine import architecture
from tests.machine.conftest import Ashore, eventually
from tests.machine.objects import apply

REGISTRY = "registry.test.internal"
CA = f"/etc/docker/certs.d/{REGISTRY}/ca.crt"
MIB = 2**20


@pytest.fixture
def program(stack: Ashore, tmp_path: Path) -> Path:
    """A static program of a node that a pod can run without anything else: tini."""
    path = tmp_path / "tini"
    encoded = stack.exec("w1", "base64", "/usr/bin/tini-static")
    path.write_bytes(base64.b64decode(encoded))
    return path


@pytest.fixture
def image(program: Path, tmp_path: Path) -> Path:
    """An archive of `local/tini:1`, which sleeps by being its own child's init."""
    return write(tmp_path / "tini.tar", program, "docker.io/local/tini:1", architecture())


def write(path: Path, program: Path, name: str, arch: str, ballast: bytes = b"") -> Path:
    layer = path.with_suffix(".layer")
    entries = [oci.Entry("tini", program), oci.Entry("ballast", ballast, mode=0o644)]
    oci.write_layer(layer, entries)
    oci.write_image(path, oci.Spec(name, arch, entrypoint=("/tini", "--version")), [layer])
    return path


def runs(stack: Ashore, name: str, reference: str, policy: str) -> None:
    """A pod of the image prints tini's version and ends well."""
    container = {"name": "main", "image": reference, "imagePullPolicy": policy}
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    apply(stack, pod)
    try:

        def phase() -> str:
            return stack.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}")

        eventually(f"{name} has run", lambda: phase() == "Succeeded")
        assert "tini version" in stack.kubectl("logs", name)
    finally:
        stack.kubectl("delete", "pod", name, "--wait=false", code=None)


def curl(stack: Ashore, *arguments: str) -> str:
    """The HTTP status that a worker gets."""
    return stack.exec(
        "w1", "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", *arguments
    )


def test_built_by_docker_pushed_and_run_by_a_pod(
    stack: Ashore, program: Path, tmp_path: Path
) -> None:
    place = tmp_path / "site"
    place.mkdir()
    (place / "tini").write_bytes(program.read_bytes())
    (place / "tini").chmod(0o755)
    (place / "secret").write_text("not for the image")
    (place / ".dockerignore").write_text("secret\n")
    (place / "Dockerfile").write_text('FROM scratch\nCOPY . /\nENTRYPOINT ["/tini", "--version"]\n')
    stack.run("docker", "--", "build", "-t", "built:1", str(place), seconds=180)
    try:
        assert "tini version" in stack.run("docker", "--", "run", "--rm", "built:1").stdout
        (pushed,) = stack.json("image push", "built:1")["images"]
        assert pushed["name"] == f"{REGISTRY}/built:1"
        runs(stack, "built", f"{REGISTRY}/built@{pushed['digest']}", "Always")
        listed = stack.run("docker", "--", "image", "inspect", "built:1").stdout
        assert json.loads(listed)[0]["Architecture"] == architecture()
    finally:
        stack.run("docker", "--", "rmi", "built:1", f"{REGISTRY}/built:1", code=None)


def test_an_archive_of_this_computer(stack: Ashore, image: Path) -> None:
    first = stack.json("image push", str(image), "--as", "team/tini:2")["images"]
    assert first[0]["name"] == f"{REGISTRY}/team/tini:2"
    assert first[0]["sent"] > 0
    again = stack.json("image push", str(image), "--as", "team/tini:3")["images"]
    assert again[0]["sent"] == 0
    runs(stack, "pushed", f"{REGISTRY}/team/tini:2", "Always")


def test_straight_onto_the_nodes(stack: Ashore, program: Path, tmp_path: Path) -> None:
    # Of its own digest: what the kubelet has pulled by one name it refuses by another one.
    name = "docker.io/local/loaded:1"
    image = write(tmp_path / "loaded.tar", program, name, architecture(), b"loaded")
    done = stack.json("image load", str(image))
    assert done["images"] == [name]
    assert len(done["nodes"]) == 5
    runs(stack, "loaded", "local/loaded:1", "Never")


def test_nobody_pushes_without_the_account(stack: Ashore) -> None:
    start = ("-X", "POST", f"https://{REGISTRY}/v2/web/blobs/uploads/")
    assert curl(stack, "--cacert", CA, *start) == "401"
    assert curl(stack, "--cacert", CA, "-u", "ashore:wrong", *start) == "401"
    plain = curl(stack, "-X", "POST", f"http://{REGISTRY}:443/v2/web/blobs/uploads/")
    assert plain == "400"
    stranger = f"curl -sS -m 5 http://{REGISTRY}/v2/; test $? = 7"
    stack.exec("w1", "sh", "-c", stranger)


@pytest.mark.parametrize("verb", ["image push", "image load"])
def test_archives_that_cannot_be_used(
    stack: Ashore, image: Path, program: Path, tmp_path: Path, verb: str
) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    other = "arm64" if architecture() == "amd64" else "amd64"
    foreign = write(tmp_path / "foreign.tar", program, "docker.io/local/foreign:1", other)
    for path, why in ((cut, "cut short"), (foreign, f"linux/{other}")):
        refused = stack.run(verb, str(path), code=2)
        assert why in refused.stderr
    assert "foreign" not in stack.exec("w1", "ctr", "-n", "k8s.io", "images", "list", "-q")


def test_collected_is_what_no_tag_leads_to(stack: Ashore, program: Path, tmp_path: Path) -> None:
    for ballast in (bytes(range(256)) * 4096 * 8, b"small"):
        path = write(tmp_path / "old.tar", program, "local/old:1", architecture(), ballast)
        stack.run("image push", str(path))
    assert stack.json("image gc")["freed"] >= 8 * MIB
    runs(stack, "kept", f"{REGISTRY}/local/old:1", "Always")


def test_the_registry_keeps_its_data(stack: Ashore, image: Path) -> None:
    stack.run("image push", str(image), "--as", "kept:1")
    stack.exec("gw", "systemctl", "kill", "--signal=SIGKILL", "docker-registry")
    stack.healthy()
    runs(stack, "again", f"{REGISTRY}/kept:1", "Always")


@pytest.fixture
def full(stack: Ashore) -> Iterator[None]:
    """The registry's data on a file system of 4 MiB."""
    data = "/var/lib/docker-registry"
    mount = f"mount -t tmpfs -o size=4m,mode=0750 tmpfs {data} && chown docker-registry: {data}"
    stack.exec("gw", "sh", "-c", f"systemctl stop docker-registry && {mount}")
    stack.exec("gw", "systemctl", "start", "docker-registry")
    stack.healthy()
    try:
        yield
    finally:
        stack.exec("gw", "systemctl", "stop", "docker-registry")
        stack.exec("gw", "umount", data)
        stack.exec("gw", "systemctl", "start", "docker-registry")
        stack.healthy()


@pytest.mark.usefixtures("full")
def test_a_full_disk_is_told_and_nothing_is_tagged(
    stack: Ashore, program: Path, tmp_path: Path
) -> None:
    large = bytes(range(256)) * 4096 * 8
    path = write(tmp_path / "large.tar", program, "local/large:1", architecture(), large)
    refused = stack.run("image push", str(path), code=1)
    assert "disk" in refused.stderr
    left = "/var/lib/docker-registry/docker/registry/v2/repositories/local/large"
    assert stack.exec("gw", "sh", "-c", f"find {shlex.quote(left)} -name link || :") == ""


def test_saved_by_docker_is_an_archive(stack: Ashore, image: Path, tmp_path: Path) -> None:
    stack.run("image push", str(image), "--as", "saved:1")
    reference = f"{REGISTRY}/saved:1"
    stack.run("docker", "--", "pull", reference)
    script = f"docker save {reference} | base64"
    saved = tmp_path / "saved.tar"
    saved.write_bytes(base64.b64decode(stack.exec("w1", "sh", "-c", script)))
    assert tarfile.is_tarfile(saved)
    assert stack.json("image load", str(saved))["images"] == [reference]
