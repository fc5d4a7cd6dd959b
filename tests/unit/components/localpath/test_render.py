import json
from pathlib import Path

from ashore.components.localpath.render import configuration, manifest
from tests.unit.components.golden import check
from tests.unit.components.kubeadm.stack import demo


def test_manifest() -> None:
    text = manifest(demo(), "registry.example/local-path-provisioner:1").text
    check(Path(__file__).parent, "manifest.yaml", text)


def test_control_planes_offer_no_directory() -> None:
    nodes = {n["node"]: n["paths"] for n in json.loads(configuration(demo(2)))["nodePathMap"]}
    assert nodes == {
        "DEFAULT_PATH_FOR_NON_LISTED_NODES": ["/var/lib/ashore-volumes"],
        "cp1": [],
        "cp2": [],
    }
