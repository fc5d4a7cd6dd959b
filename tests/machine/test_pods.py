"""Pods on two nodes: they talk over the overlay, through a service, and by name."""

import json
from collections.abc import Iterator

import pytest

from tests.machine.conftest import Ashore, eventually

# Nothing can be pulled here, so a pod is the pause image with the node's own
# programs mounted into it: a shell, curl, dig and Python come from there.
_PROGRAMS = {"usr": "/usr", "bin": "/bin", "lib": "/lib", "lib64": "/lib64"}


def _pod(name: str, node: str, image: str, *command: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "main",
                    "image": image,
                    "imagePullPolicy": "Never",
                    "command": list(command),
                    "volumeMounts": [
                        {"name": k, "mountPath": v, "readOnly": True} for k, v in _PROGRAMS.items()
                    ],
                }
            ],
            "volumes": [
                {"name": k, "hostPath": {"path": f"/usr/{k}" if k != "usr" else "/usr"}}
                for k in _PROGRAMS
            ],
        },
    }


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
    node = json.loads(stack.kubectl("get", "node", "w1", "-o", "json"))
    images = [name for image in node["status"]["images"] for name in image["names"]]
    pause = next(name for name in images if "pause" in name and "@" not in name)
    server = (
        "/usr/bin/python3",
        "-m",
        "http.server",
        "8000",
        "--directory",
        "/usr/share/common-licenses",
    )
    objects = [
        _pod("server", "w1", pause, *server),
        _pod("client", "w2", pause, "/usr/bin/sleep", "100000"),
        _service("server"),
    ]
    file = stack.file.parent / "pods.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    stack.kubectl("apply", "-f", str(file))
    try:
        stack.kubectl(
            "wait", "--for=condition=Ready", "--timeout=120s", "pod/server", "pod/client",
            seconds=150,
        )  # fmt: skip
        yield stack
    finally:
        stack.kubectl("delete", "-f", str(file), "--wait=true", code=None)


def _curl(pods: Ashore, url: str) -> str:
    return pods.kubectl("exec", "client", "--", "/usr/bin/curl", "-sS", "-m", "5", url, code=None)


def test_pod_to_pod_on_another_node(pods: Ashore) -> None:
    address = pods.kubectl("get", "pod", "server", "-o", "jsonpath={.status.podIP}")
    eventually("page", lambda: "Apache-2.0" in _curl(pods, f"http://{address}:8000/"), 30)


def test_pod_to_service_by_name(pods: Ashore) -> None:
    eventually("page", lambda: "Apache-2.0" in _curl(pods, "http://server/"), 30)
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

    eventually("page", lambda: "Apache-2.0" in ask(), 30)


def test_pods_resolve_the_machines_names(pods: Ashore) -> None:
    def ask() -> str:
        return pods.kubectl(
            "exec", "client", "--", "/usr/bin/dig", "+short", "+timeout=2", "cp2.test.internal",
            code=None,
        )  # fmt: skip

    eventually("address", lambda: ask().strip() == "10.90.0.22", 30)
