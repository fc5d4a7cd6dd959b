import pytest

from ashore.plan.graph import Graph, GraphError

from .fakes import FakeStep


def test_every_step_comes_after_what_it_needs_and_else_as_given() -> None:
    graph = Graph.of(
        [FakeStep("c", ("a", "b")), FakeStep("b", ("a",)), FakeStep("a"), FakeStep("z")]
    )
    assert list(graph.steps) == ["a", "z", "b", "c"]
    assert graph.dependents == {"a": ("b", "c"), "b": ("c",), "c": (), "z": ()}


def test_all_mistakes_are_named_at_once() -> None:
    steps = [
        FakeStep("a", ("ghost",), title="one"),
        FakeStep("a", title="two"),
        FakeStep("b", layer="attic"),
    ]
    with pytest.raises(GraphError) as caught:
        Graph.of(steps)
    assert str(caught.value).split("; ") == [
        "two steps are called a: 'one', 'two'",
        "a needs ghost, which is not a step",
        "b is in the unknown layer 'attic'",
    ]


def test_a_cycle_is_named() -> None:
    with pytest.raises(GraphError, match=r"need each other: \w -> \w -> \w"):
        Graph.of([FakeStep("a", ("b",)), FakeStep("b", ("a",))])


def test_a_subgraph_takes_along_what_is_needed() -> None:
    graph = Graph.of(
        [FakeStep("a"), FakeStep("b", ("a",)), FakeStep("c", ("b",)), FakeStep("d", ("a",))]
    )
    assert list(graph.subgraph(["c"]).steps) == ["a", "b", "c"]
    with pytest.raises(GraphError, match="ghost is not a step"):
        graph.subgraph(["ghost"])
