"""From source to a page: built, pushed, run and opened by its name, on a stack of its own."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine.conftest import ROOT, Ashore

CHROMIUM = "/usr/bin/chromium"
ENTRY = {"author": "Ada", "text": "signed by the address"}
LINKS = ["build", "push", "pull", "volume", "database", "service", "name", "page"]


@pytest.fixture(scope="module")
def demo(stack: Ashore) -> Iterator[Ashore]:
    """The guestbook, up; its first `up` fetches what the image is built from."""
    stack.healthy()
    stack.run("demo up", seconds=1200)
    try:
        yield stack
    finally:
        stack.run("demo down", seconds=300, code=None)


@pytest.fixture(scope="module")
def chromium() -> str:
    if not Path(CHROMIUM).exists():
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"]
        subprocess.run(["apt-get", "update", "-qq"], check=True, timeout=300)
        subprocess.run([*install, "fonts-dejavu-core"], check=True, timeout=600)
    return CHROMIUM


def _address(stack: Ashore) -> str:
    service = json.loads(stack.kubectl("-n", "demo", "get", "service", "guestbook", "-o", "json"))
    return str(service["status"]["loadBalancer"]["ingress"][0]["ip"])


def _ask(stack: Ashore, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"http://{_address(stack)}{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
    )
    # Not through a proxy of this computer's.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as reply:
        return json.load(reply)


def test_every_link_answers(demo: Ashore) -> None:
    found = demo.json("demo status")
    assert [link["name"] for link in found["links"]] == LINKS
    assert found["healthy"], found
    assert all(link["milliseconds"] > 0 for link in found["links"])


def test_a_second_up_changes_nothing(demo: Ashore) -> None:
    done = demo.run("demo up", seconds=120)
    assert "in place" in done.stdout
    assert "0 changed" in done.stderr or "changed" not in done.stderr


def test_an_entry_is_written_and_read_by_the_address(demo: Ashore) -> None:
    number = _ask(demo, "POST", "/entries", ENTRY)["id"]
    found = _ask(demo, "GET", "/entries")["entries"]
    assert {"id": number, **ENTRY}.items() <= found[0].items()


def test_the_page_in_a_browser(demo: Ashore, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    os.environ["PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"] = "1"
    artefacts = ROOT / "artefacts"
    artefacts.mkdir(exist_ok=True)
    name = demo.json("demo status")["url"].removeprefix("http://").rstrip("/")
    rule = f"--host-resolver-rules=MAP {name} {_address(demo)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--no-proxy-server", rule]
        )
        page = browser.new_page(viewport={"width": 900, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"http://{name}/")
        page.fill("input[name=author]", "Grace")
        page.fill("textarea", "signed in a browser")
        page.click("button")
        page.wait_for_selector("article:has-text('signed in a browser')", timeout=30_000)
        page.screenshot(path=str(artefacts / "guestbook.png"))
        assert "Thank you" in page.inner_text("#said")
        browser.close()
    assert not wrong
    assert (artefacts / "guestbook.png").stat().st_size > 10_000


def test_the_pages_pods_are_on_two_workers(demo: Ashore) -> None:
    pods = json.loads(demo.kubectl("-n", "demo", "get", "pods", "-o", "json"))["items"]
    for app in ("guestbook", "guestbook-db"):
        nodes = {p["spec"]["nodeName"] for p in pods if p["metadata"]["labels"]["app"] == app}
        assert nodes == {"w1", "w2"}, app


@pytest.mark.parametrize("name", ["database-leader-killed", "registry-killed"])
def test_drill(demo: Ashore, name: str) -> None:
    demo.healthy()
    done = demo.run("drill run", name, seconds=600, code=None)
    assert done.returncode in (0, 5), done.stderr
    kept = sorted((demo.state / demo.name / "drill" / "history").glob(f"*-{name}.json"))
    checks = json.loads(kept[-1].read_text())["checks"]
    must = ("no acknowledged", "nothing is left", "another database", "the pod that was pulling")
    found = [c for c in checks if c["what"].startswith(must)]
    assert len(found) >= 3, checks
    assert all(c["verdict"] == "pass" for c in found), found


def test_down_leaves_nothing_but_the_image(stack: Ashore, demo: Ashore) -> None:
    image = demo.run("demo down", seconds=300).stderr
    assert "stays in Docker and in the registry" in image
    assert "NotFound" in stack.run("kubectl", "--", "get", "namespace", "demo", code=1).stderr
    volumes = json.loads(stack.kubectl("get", "pv", "-o", "json"))["items"]
    assert not [v for v in volumes if v["spec"]["claimRef"]["namespace"] == "demo"]
    stack.run("demo status", code=4)
    assert "the demo is not up" in stack.run("drill run", "registry-killed", code=2).stderr
