import re
from xml.etree import ElementTree

import pytest

from ashore.model.load import default_stack, loads_stack
from ashore.model.types import Stack
from ashore.picture.topology import svg

_SVG = "{http://www.w3.org/2000/svg}"
_TEXT = re.compile(r'<text x="([\d.]+)" y="([\d.]+)" class="([^"]*)" font-size="(\d+)">([^<]*)<')


def stack_of(control_planes: int, workers: int) -> Stack:
    return loads_stack(
        f"machines: {{controlplane: {{count: {control_planes}}}, worker: {{count: {workers}}}}}"
    )


def boxes(picture: str) -> list[tuple[float, float, float, float]]:
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own text
    return [
        tuple(float(r.attrib[a]) for a in ("x", "y", "width", "height"))  # type: ignore[misc]
        for r in root.iter(f"{_SVG}rect")
        if "card" in r.attrib["class"]
    ]


def texts(picture: str) -> list[tuple[float, float, float]]:
    """(left, base line, right) of each text, at the width of a generous font."""
    found: list[tuple[float, float, float]] = []
    for x, y, style, size, said in _TEXT.findall(picture):
        width = len(said) * float(size) * 0.62
        shift = width if "right" in style else width / 2 if "middle" in style else 0
        found.append((float(x) - shift, float(y), float(x) - shift + width))
    return found


COUNTS = [(c, w) for c in range(1, 10) for w in (0, 1, 2, 3, 5, 6, 11, 15, 16, 40, 99, 100)]


def test_the_same_stack_gives_the_same_bytes() -> None:
    assert svg(default_stack()) == svg(loads_stack("{}"))


@pytest.mark.parametrize(("control_planes", "workers"), COUNTS)
def test_every_machine_is_drawn_once_and_nothing_overlaps(
    control_planes: int, workers: int
) -> None:
    stack = stack_of(control_planes, workers)
    picture = svg(stack)
    for machine in stack.machines:
        assert picture.count(f'id="machine-{machine.name}"') == 1
    cards = boxes(picture)
    assert len(cards) == len(stack.machines)
    for number, (x, y, w, h) in enumerate(cards):
        for x2, y2, w2, h2 in cards[number + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    width, height = (float(value) for value in re.findall(r'viewBox="0 0 (\S+) (\S+)"', picture)[0])
    assert all(x >= 0 and x + w <= width and y + h <= height for x, y, w, h in cards)


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "machines: {controlplane: {count: 5}, worker: {count: 100}}",
        "name: abcdefghijklmnopqrstuvwxyz-01234\nnetwork: {cidr: 192.168.100.0/24}\n"
        "machines: {controlplane: {count: 9}, worker: {count: 15}}",
        f"network: {{domain: {'.'.join(['a' * 30] * 6)}}}",
    ],
)
def test_no_two_texts_of_a_line_touch(text: str, marked: bool) -> None:
    stack = loads_stack(text)
    rows = texts(svg(stack, {m.name: True for m in stack.machines} if marked else None))
    for number, (left, y, right) in enumerate(rows):
        for left2, y2, right2 in rows[number + 1 :]:
            if abs(y - y2) < 8:
                assert right <= left2 or right2 <= left


def test_marks_tell_by_shape_who_is_well() -> None:
    picture = svg(default_stack(), {"cp1": True, "cp2": False})
    groups = dict(re.findall(r'<g id="machine-(\w+)">(.*?)</g>', picture, re.DOTALL))
    assert 'class="up"' in groups["cp1"]
    assert "<circle" in groups["cp1"]
    assert 'class="down"' in groups["cp2"]
    assert "<circle" not in groups["cp2"]
    assert 'class="up"' not in groups["cp3"]
    assert 'class="down"' not in groups["cp3"]


def test_no_uplink_is_no_nat() -> None:
    assert ">NAT<" in svg(default_stack())
    assert ">NAT<" not in svg(loads_stack("network: {uplink: none}"))


def test_it_can_be_read_on_dark_and_by_a_screen_reader() -> None:
    picture = svg(default_stack())
    assert "prefers-color-scheme: dark" in picture
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own text
    described = root.find(f"{_SVG}desc")
    assert described is not None
    assert "cp1 10.77.0.21" in (described.text or "")
