from pathlib import Path

from ashore.components.metallb.render import CONTROLLER, make_key, manifest
from ashore.transport.kubeapi import object_path
from tests.unit.components.golden import check
from tests.unit.components.kubeadm.stack import demo

MADE = manifest(demo(), "registry.example/controller:1", "registry.example/speaker:1", b"key")


def test_manifest() -> None:
    check(Path(__file__).parent, "manifest.yaml", MADE.text)


def test_the_digest_is_kept_where_it_is_looked_for() -> None:
    assert object_path(MADE.objects()[-1]) == MADE.last == CONTROLLER


def test_kinds_are_there_before_their_objects() -> None:
    kinds = [o["kind"] for o in MADE.objects()]
    assert kinds.count("CustomResourceDefinition") == 9
    defined = max(i for i, kind in enumerate(kinds) if kind == "CustomResourceDefinition")
    assert defined < kinds.index("IPAddressPool") < kinds.index("L2Advertisement")


def test_the_pool_is_what_the_plan_keeps_for_services() -> None:
    (pool,) = (o for o in MADE.objects() if o["kind"] == "IPAddressPool")
    assert pool["spec"]["addresses"] == ["10.77.0.230-10.77.0.254"]


def test_keys_are_long_enough_for_aes_256() -> None:
    assert make_key() != make_key()
    assert len(make_key()) == 32
