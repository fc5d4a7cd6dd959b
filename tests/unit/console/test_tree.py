import pytest

from ashore.console.lines import Line, render
from ashore.console.summary import summary
from ashore.console.tree import Tree
from ashore.console.words import Marks, seconds
from ashore.events import RunStarted

from .story import END, FAILURE, MACHINES, START, Stream, begun, check

MARKS = Marks(Stream())


def draw(tree: Tree, now: float, *, width: int = 80, height: int = 24) -> str:
    lines = tree.lines(now, height)
    assert len(lines) <= height
    rows = [render(line, width, colour=False) for line in lines]
    assert all(len(row) <= width for row in rows)
    return "\n".join(rows) + "\n"


def test_what_runs_is_below_its_layer() -> None:
    tree = Tree(START, MARKS)
    for event in MACHINES:
        tree.take(event)
    check("tree-running.txt", draw(tree, 2.2))
    check("tree-narrow.txt", draw(tree, 2.2, width=40))
    check("tree-low.txt", draw(tree, 2.2, height=6))


def test_what_failed_stays() -> None:
    tree = Tree(START, MARKS)
    for event in (*MACHINES, *FAILURE):
        tree.take(event)
    check("tree-failed.txt", draw(tree, 75.1))
    assert tree.interrupted() is None


def test_very_many_steps_keep_to_the_height() -> None:
    tree = Tree(RunStarted("up", "demo", 90, (("machines", 90),)), MARKS)
    for number in range(90):
        tree.take(begun(f"w{number}/x", f"step {number}", "machines", 1.0))
    text = draw(tree, 3.0, height=10)
    assert text.splitlines()[-1] == "    … 83 more running"
    for height in range(1, 24):
        draw(tree, 3.0, height=height)


def test_what_was_cut_off_is_named() -> None:
    tree = Tree(START, MARKS)
    for event in MACHINES:
        tree.take(event)
    line = tree.interrupted()
    assert line is not None
    assert render(line, 60, colour=False) == "stopped 3 steps: w2/machine, lb1/machine, image"


def test_the_spinner_turns_and_letters_do_where_signs_cannot() -> None:
    plain = Marks(Stream(encoding="ascii"))
    tree = Tree(START, plain)
    for event in (*MACHINES, *FAILURE):
        tree.take(event)
    text = draw(tree, 80.0)
    text.encode("ascii")
    tree.take(begun("w2/kubeadm", "join the worker", "workers", 80.0))
    assert draw(tree, 80.0) != draw(tree, 80.1)


def test_the_summary_shows_where_the_time_went() -> None:
    rows = [render(line, 72, colour=False) for line in summary(END, MARKS)]
    check("summary.txt", "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.0s"), (59.94, "59.9s"), (59.96, "1m00s"), (3599.6, "1h00m"), (7384, "2h03m")],
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


def test_a_line_is_cut_before_its_right_end() -> None:
    line = Line((("abcde fg", "red"), ("ghi", "")), "9.9s")
    assert render(line, 20, colour=False) == "abcde fgghi     9.9s"
    assert render(line, 12, colour=False) == "abcde…  9.9s"
    assert render(line, 12, colour=True) == "\x1b[31mabcde…\x1b[0m  \x1b[2m9.9s\x1b[0m"
