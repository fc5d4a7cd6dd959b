"""Pods on two nodes: they talk over the overlay, through a service, and by name."""

from collections.abc import Iterator

import pytest

from tests.machine.conftest import Ashore, eventually
from tests.machine.objects import apply, pause_image, pod


def _service(name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8000}]},
    }


@pytest.fixture(scope="module")
def pods(stack: Ashore) -> Iterator[Ashore]:
    """A server on w1 with a service, a client on w2."""
    pause = pause_image(stack)
    server = (
        "/usr/bin/python3",
        "-m",
        "http.server",
        "8000",
        "--directory",
        "/usr/share/common-licenses",
    )
    objects = [
        pod("server", "w1", pause, *server),
        pod("client", "w2", pause, "/usr/bin/sleep", "100000"),
        _service("server"),
    ]
    apply(stack, *objects)
    try:
        stack.kubectl(
            "wait", "--for=condition=Ready", "--timeout=120s", "pod/server", "pod/client",
            seconds=150,
        )  # fmt: skip
        yield stack
    finally:
        stack.kubectl("delete", "pod/server", "pod/client", "service/server", code=None)


def _curl(pods: Ashore, url: str) -> str:
    return pods.kubectl("exec", "client", "--", "/usr/bin/curl", "-sS", "-m", "5", url, code=None)


def test_pod_to_pod_on_another_node(pods: Ashore) -> None:
    address = pods.kubectl("get", "pod", "server", "-o", "jsonpath={.status.podIP}")
    eventually("page", lambda: "Apache-2.0" in _curl(pods, f"http://{address}:8000/"))


def test_pod_to_service_by_name(pods: Ashore) -> None:
    eventually("page", lambda: "Apache-2.0" in _curl(pods, "http://server/"))
    eventually(
        "page", lambda: "Apache-2.0" in _curl(pods, "http://server.default.svc.cluster.local/"), 30
    )


def test_pod_to_its_own_service(pods: Ashore) -> None:
    # By its full name: the short one is the pod's own in its /etc/hosts.
    url = "http://server.default.svc.cluster.local/"

    def ask() -> str:
        return pods.kubectl(
            "exec", "server", "--", "/usr/bin/curl", "-sS", "-m", "5", url, code=None
        )

    eventually("page", lambda: "Apache-2.0" in ask())


def test_pods_resolve_the_machines_names(pods: Ashore) -> None:
    def ask() -> str:
        return pods.kubectl(
            "exec", "client", "--", "/usr/bin/dig", "+short", "+timeout=2", "cp2.test.internal",
            code=None,
        )  # fmt: skip

    eventually("address", lambda: ask().strip() == "10.90.0.22")
