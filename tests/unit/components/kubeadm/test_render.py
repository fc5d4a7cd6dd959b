from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ashore.components.kubeadm.render import (
    DIRECTORY,
    cluster_configuration,
    fragment,
    initial_cluster,
)
from ashore.model.host import HostFacts
from ashore.model.types import Role
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import LEGACY, MODERN, demo

HERE = Path(__file__).parent
PKI = {"ca.crt": b"certificate\n", "ca.key": b"secret\n"}


@pytest.mark.parametrize(
    ("machine", "facts", "pki", "name"),
    [
        ("cp2", LEGACY, PKI, "control-plane.txt"),
        ("w1", MODERN, {"ca.crt": b"certificate\n"}, "worker.txt"),
    ],
)
def test_a_machine_gets_what_kubeadm_reads(
    machine: str, facts: HostFacts, pki: dict[str, bytes], name: str
) -> None:
    stack = demo()
    of = stack.machine(machine)
    assert of is not None
    check(HERE, name, as_text(fragment(stack, of, facts=facts, pki=pki)))


def test_private_keys_are_for_root_alone() -> None:
    stack = demo()
    files = fragment(stack, stack.machines[3], facts=LEGACY, pki=PKI).files
    modes = {file.path: file.mode for file in files}
    assert modes["/etc/kubernetes/pki/ca.key"] == 0o600
    assert modes["/etc/kubernetes/pki/ca.crt"] == 0o644


def test_the_clusters_own_record_does_not_tell_later_members_to_start_anew() -> None:
    assert "initial-cluster" not in cluster_configuration(demo(), LEGACY)


def test_every_control_plane_is_one_of_the_first_members() -> None:
    assert initial_cluster(demo()) == (
        "cp1=https://10.77.0.21:2380,cp2=https://10.77.0.22:2380,cp3=https://10.77.0.23:2380"
    )


def test_kubeadm_waits_longer_where_everything_may_take_longer() -> None:
    stack, slow = demo(), HostFacts(cgroup=2, cap_sys_resource=True, patience=2.5)
    files = {f.path: f for f in fragment(stack, stack.machines[3], facts=slow, pki=PKI).files}
    for name in ("init", "cluster", "join"):
        first = str(files[f"{DIRECTORY}/{name}.yaml"].content).split("---\n")[0]
        timeouts = first.partition("\ntimeouts:\n")[2]
        assert "  controlPlaneComponentHealthCheck: 600s\n" in timeouts
        assert "  tlsBootstrap: 750s\n" in timeouts


@pytest.mark.parametrize(
    ("patience", "retry", "lease", "renewal"),
    [(1.0, "500ms", None, None), (2.5, "1500ms", "45s", "30s"), (20.0, "2000ms", "60s", "40s")],
)
def test_leaders_keep_their_leases_longer_on_slow_machines(
    patience: float, retry: str, lease: str | None, renewal: str | None
) -> None:
    facts = HostFacts(cgroup=2, cap_sys_resource=True, patience=patience)
    cluster = next(YAML(typ="safe").load_all(cluster_configuration(demo(), facts)))
    for part in ("controllerManager", "scheduler"):
        found = {each["name"]: each["value"] for each in cluster[part]["extraArgs"]}
        assert found["leader-elect-retry-period"] == retry
        assert found.get("leader-elect-lease-duration") == lease
        assert found.get("leader-elect-renew-deadline") == renewal


def test_the_kubelet_asks_less_impatiently_on_slow_machines() -> None:
    stack, slow = demo(), HostFacts(cgroup=2, cap_sys_resource=True, patience=7.5)
    files = {
        f.path: str(f.content)
        for f in fragment(stack, stack.machines[3], facts=slow, pki=PKI).files
    }
    directory = f"{DIRECTORY}/patches"
    for name in ("init", "join"):
        assert YAML(typ="safe").load(files[f"{DIRECTORY}/{name}.yaml"].split("---\n")[0])[
            "patches"
        ] == {"directory": directory}
    found = YAML(typ="safe").load(files[f"{directory}/kube-apiserver+strategic.yaml"])
    (container,) = found["spec"]["containers"]
    assert container == {
        "name": "kube-apiserver",
        "livenessProbe": {"periodSeconds": 80, "timeoutSeconds": 120},
        "readinessProbe": {"periodSeconds": 8, "timeoutSeconds": 120},
        "startupProbe": {"timeoutSeconds": 120},
    }
    manager = YAML(typ="safe").load(files[f"{directory}/kube-controller-manager+strategic.yaml"])
    assert "readinessProbe" not in manager["spec"]["containers"][0]
    cluster = next(YAML(typ="safe").load_all(cluster_configuration(stack, slow)))
    assert {"name": "etcd-healthcheck-timeout", "value": "16s"} in cluster["apiServer"]["extraArgs"]
    worker = next(m for m in stack.machines if m.role is Role.WORKER)
    files = {f.path: str(f.content) for f in fragment(stack, worker, facts=slow, pki=PKI).files}
    assert not [path for path in files if path.startswith(directory)]
    assert "patches" not in files[f"{DIRECTORY}/join.yaml"]
