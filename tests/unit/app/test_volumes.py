from types import SimpleNamespace
from typing import Any, cast

from ashore.app.session import Session
from ashore.app.volumes import Volumes, document, problems
from ashore.components.volumes.probe import StorageClass, Volume

CLASSES = (StorageClass("shared", True, True),)


def session(storage: object = "some") -> Session:
    return cast("Session", SimpleNamespace(stack=SimpleNamespace(storage=storage)))


def found(**changes: Any) -> Volumes:
    return Volumes(**{"classes": CLASSES, "by": "st1", **changes})


def test_all_well() -> None:
    volume = Volume("pvc-1", "web/data", 64, 1, True)
    assert problems(session(), found(shared=(volume,))) == []
    assert problems(session(None), found(by=None)) == []


def test_a_cluster_without_an_answer_is_told_elsewhere() -> None:
    assert problems(session(), Volumes()) == []


def test_what_is_wrong_is_named() -> None:
    shared = (
        Volume("pvc-1", "web/data", 64, 1, False),
        Volume("pvc-2", "web/log", 64, None, None),
    )
    assert problems(session(), found(local="0 of 1 available", by=None, shared=shared)) == [
        "0 of 1 available",
        "no storage machine makes shared volumes",
        "web/data: its size is not enforced",
        "web/log: no storage machine can tell of its volume",
    ]


def test_document() -> None:
    assert document(found(shared=(Volume("pvc-1", "web/data", 64, 1, True),))) == {
        "classes": [{"name": "shared", "default": True, "enforced": True}],
        "provisioner": "st1",
        "shared": [{"name": "pvc-1", "claim": "web/data", "size": 64, "used": 1, "limited": True}],
    }
