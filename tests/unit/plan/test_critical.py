from ashore.plan.critical import WAITING, Span, critical_path
from ashore.plan.graph import Graph

from .fakes import FakeStep


def test_the_chain_that_ended_last_adds_up_to_the_end() -> None:
    graph = Graph.of(
        [
            FakeStep("image"),
            FakeStep("cp1/machine", ("image",), machine="cp1", title="start"),
            FakeStep("w1/machine", ("image",), machine="w1", title="start"),
            FakeStep("kube/nodes", ("cp1/machine", "w1/machine"), title="wait for nodes"),
        ]
    )
    path = critical_path(
        graph,
        {
            "image": Span(0.01, 2.0),
            "cp1/machine": Span(2.0, 3.0),
            "w1/machine": Span(3.5, 6.0),
            "kube/nodes": Span(6.02, 7.0),
        },
    )
    assert path == (
        ("make image", 2.0),
        (WAITING, 1.5),
        ("w1: start", 2.5),
        ("wait for nodes", 1.0),
    )


def test_nothing_ran() -> None:
    assert critical_path(Graph.of([FakeStep("a")]), {}) == ()
