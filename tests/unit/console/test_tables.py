from typing import Any

import pytest

from ashore.console.grid import View
from ashore.console.tables import findings_table, plan_table, status_table
from ashore.console.words import Marks
from ashore.drivers.base import Finding, Level

from .story import Stream, check

VIEWS = {
    "wide": View(100, False, Marks(Stream())),
    "narrow": View(60, False, Marks(Stream())),
    "ascii": View(80, False, Marks(Stream(encoding="ascii"))),
}


def machine(name: str, role: str, address: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "role": role,
        "address": address,
        "power": "on",
        "ready": True,
        "detail": "",
        **changes,
    }


SICK = {
    "stack": "demo",
    "healthy": False,
    "machines": [
        machine("gw", "gateway", "10.77.0.2", detail="7 leases, 12 names"),
        machine("lb1", "loadbalancer", "10.77.0.11", detail="holds the floating IP"),
        machine("w1", "worker", "10.77.0.100", power="off", ready=False, detail="not running"),
        machine(
            "w2",
            "worker",
            "10.77.0.101",
            ready=False,
            detail="node is NotReady: container runtime network not ready, no CNI plugin",
        ),
    ],
    "floatingIP": {"address": "10.77.0.10", "holders": ["lb1", "lb2"]},
    "kubernetes": {"version": "v1.37.2", "nodes": 5, "ready": 3},
    "volumes": {
        "classes": [
            {"name": "local", "default": False, "enforced": False},
            {"name": "shared", "default": True, "enforced": True},
        ],
        "provisioner": "st1",
        "shared": [
            {
                "name": "pvc-1",
                "claim": "default/data",
                "size": 1 << 30,
                "used": 200 << 20,
                "limited": True,
            },
            {"name": "pvc-2", "claim": "web/cache", "size": 3 << 29, "used": 0, "limited": False},
            {"name": "pvc-3", "claim": "web/log", "size": 64 << 20, "used": None, "limited": None},
        ],
    },
    "services": {"addresses": 25, "used": 2, "metrics": True},
    "problems": ["the floating IP is on two machines"],
}


@pytest.mark.parametrize("view", VIEWS)
def test_status(view: str) -> None:
    text = status_table(SICK, VIEWS[view])
    assert all(len(line) <= VIEWS[view].width for line in text.splitlines())
    check(f"status-{view}.txt", text)


def test_status_of_a_healthy_and_of_an_absent_stack() -> None:
    healthy = {
        **SICK,
        "healthy": True,
        "machines": SICK["machines"][:1],
        "floatingIP": {"address": "10.77.0.10", "holders": ["lb1"]},
        "kubernetes": {"version": "1.37.2", "nodes": 5, "ready": 5},
        "problems": [],
    }
    absent = {
        **SICK,
        "volumes": {"classes": [], "provisioner": None, "shared": []},
        "services": {"addresses": 25, "used": None, "metrics": False},
        "machines": [],
        "floatingIP": {"address": "10.77.0.10", "holders": []},
        "kubernetes": {"version": None, "nodes": 0, "ready": 0},
        "problems": [],
    }
    view = VIEWS["wide"]
    check("status-ends.txt", status_table(healthy, view) + "\n" + status_table(absent, view))


def test_plan() -> None:
    changes = [
        {
            "key": "w3/machine",
            "machine": "w3",
            "title": "make and start the machine",
            "layer": "machines",
            "reasons": ["absent"],
        },
        {
            "key": "gw/dnsmasq",
            "machine": "gw",
            "title": "serve DHCP and DNS",
            "layer": "gateway",
            "reasons": ["/etc/dnsmasq.d/ashore.conf differs", "dnsmasq has not reloaded"],
        },
        {
            "key": "w3/boot",
            "machine": "w3",
            "title": "wait for cloud-init",
            "layer": "machines",
            "reasons": ["after: w3: make and start the machine"],
        },
        {
            "key": "w4/remove",
            "machine": "w4",
            "title": "drain and remove the worker",
            "layer": "workers",
            "reasons": ["not in the stack file"],
        },
    ]
    check("plan.txt", plan_table(changes, VIEWS["wide"]))
    assert plan_table([], VIEWS["wide"]) == "✓ nothing to change\n"


def test_findings() -> None:
    findings = [
        Finding("root", Level.OK, "running as root"),
        Finding(
            "inotify-instances",
            Level.WARNING,
            "fs.inotify.max_user_instances is 128",
            "it runs out at the seventh machine",
            "sysctl -w fs.inotify.max_user_instances=8192",
            mended_by_up=True,
        ),
        Finding(
            "tool-qemu-img",
            Level.ERROR,
            "qemu-img is missing",
            "disks are made with it",
            "apt-get install qemu-utils",
            ("qemu-utils",),
        ),
    ]
    check("findings.txt", findings_table(findings, VIEWS["narrow"]))
    assert findings_table(findings[:2], VIEWS["wide"]).endswith("This host is fit: 1 warning.\n")
    assert findings_table(findings[:1], VIEWS["wide"]).endswith("This host is fit.\n")
