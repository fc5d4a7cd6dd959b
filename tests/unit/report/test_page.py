"""The page, held against the one that was looked at; and what must hold of any page."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

from ashore.report.page import html
from tests.unit.report.story import history, run

GOLDEN = Path(__file__).parent / "golden" / "report.html"


def test_the_page_is_the_one_that_was_looked_at() -> None:
    """To accept a change after looking at it: ASHORE_GOLDEN=write pytest tests/unit/report."""
    made = html(history())
    if os.environ.get("ASHORE_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(made)
    assert made == GOLDEN.read_text()


class Balance(HTMLParser):
    """Fails on a tag that is closed in the wrong order, and remembers addresses."""

    VOID = frozenset({"meta", "path", "rect", "circle", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID or (tag in ("rect", "circle") and not self._closed()):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def _closed(self) -> bool:
        return (self.get_starttag_text() or "").endswith("/>")


def test_it_is_well_formed_and_needs_nothing_from_anywhere() -> None:
    page = html(history())
    balance = Balance()
    balance.feed(page)
    assert not balance.open
    assert all(a.startswith("#") for a in balance.addresses)
    assert not re.search(r"url\(|@import|<script|https?://", page)


def test_what_comes_from_outside_is_escaped() -> None:
    page = html(history())
    assert "&lt;now&gt;" in page
    assert "lb1 off &amp; on" in page
    assert "<now>" not in page


def test_failed_runs_are_all_shown_and_passed_ones_are_counted() -> None:
    section = html(history()).split('<section id="holder-killed">')[1].split("</section>")[0]
    assert section.count("<figure>") == 1
    assert "2026-11-03" in section
    assert "2 more passed and are not shown" in section


def test_what_checks_measured_is_told_over_all_runs() -> None:
    runs = [run("worker-killed", day, gap=0.1) for day in (1, 2)]
    for taken, figure in zip(runs, (58.0, 61.5), strict=True):
        check = {"what": "its pod <runs> elsewhere", "verdict": "pass", "detail": ""}
        taken["checks"].append(check | {"seconds": figure})
    page = html(runs)
    assert "its pod &lt;runs&gt; elsewhere: median 59.8 s, worst 61.5 s, 2 of 2 runs" in page
    assert "Measured" not in html(history())


def test_a_lease_has_a_lane_where_it_was_renewed() -> None:
    leased = run("dhcp-stopped", 1, gap=0.1)
    leased["probes"]["lease"] = run("x", 1, gap=0.9)["probes"]["api"]
    assert ">lease</text>" in html([leased])
    assert ">lease</text>" not in html(history())


def test_without_a_run() -> None:
    assert "No drill has been run yet" in html([])


def test_a_run_without_samples_has_a_time_line() -> None:
    bare = run("bare", 1, gap=0.5)
    bare["probes"] = {}
    bare["holders"] = []
    assert "Time line of bare" in html([bare])
