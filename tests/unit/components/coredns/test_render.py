from pathlib import Path

from ashore.components.coredns.render import manifest
from tests.unit.components.golden import check
from tests.unit.components.kubeadm.stack import demo


def test_manifest() -> None:
    text = manifest(demo(), "registry.example/coredns:1").text
    check(Path(__file__).parent, "manifest.yaml", text)
