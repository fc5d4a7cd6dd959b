from pathlib import Path

from ashore.components.flannel.render import fragment, manifest
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent


def test_the_node_learns_of_the_network_from_flannel() -> None:
    check(HERE, "node.txt", as_text(fragment()))


def test_manifest() -> None:
    check(HERE, "manifest.yaml", manifest(demo(), "registry.example/flannel:1").text)
