from typing import Any

import pytest

from ashore.console.chain import seconds_table, table

from .story import check
from .test_tables import VIEWS

UP = {
    "stack": "demo",
    "url": "http://guestbook.demo.demo.internal/",
    "address": "10.77.0.230",
    "seconds": 61.2,
    "steps": [
        {"title": "build the image", "seconds": 13.61, "changed": True},
        {"title": "push the image to the registry", "seconds": 0.2, "changed": False},
        {"title": "web pods are available", "seconds": 16.6, "changed": True},
    ],
}


def link(name: str, said: str, *, mend: str = "") -> dict[str, Any]:
    return {"name": name, "good": not mend, "said": said, "milliseconds": 12.3, "mend": mend}


def found(*links: dict[str, Any]) -> dict[str, Any]:
    return {"stack": "demo", "url": UP["url"], "healthy": True, "links": links}


@pytest.mark.parametrize("name", VIEWS)
def test_the_seconds_of_each_step_and_where_to_look(name: str) -> None:
    check(f"demo-up-{name}.txt", seconds_table(UP, VIEWS[name]))


@pytest.mark.parametrize("name", VIEWS)
def test_what_answered_and_how_to_mend_what_did_not(name: str) -> None:
    page = link("page", "http://guestbook.demo.demo.internal/ answers 200 with Guestbook")
    service = link(
        "service", "service guestbook has no address", mend="`ashore status` tells how MetalLB is"
    )
    check(f"demo-status-{name}.txt", table(found(service, page), VIEWS[name]))


def test_a_chain_that_holds_ends_with_the_address() -> None:
    assert table(found(link("page", "answers")), VIEWS["wide"]).endswith(f"\n\n{UP['url']}\n")
