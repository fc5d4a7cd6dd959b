"""The guestbook's web server, asked over a real connection; its entries are in a list."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ashore.demo import render
from ashore.demo.data import guestbook


@dataclass
class Listed:
    """Implements `Store`; `away` as when the database changes its leader."""

    kept: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    away: bool = False

    def add(self, author: str, text: str, picture: str, token: str) -> int:
        self._answer()
        number = len(self.kept) + 1
        entry = {"id": number, "author": author, "text": text, "picture": picture}
        self.kept.insert(0, entry | {"token": token})
        return number

    def entries(self, author: str | None, limit: int) -> list[dict[str, Any]]:
        self._answer()
        return [e for e in self.kept if author in (None, e["author"])][:limit]

    def remove(self, token: str) -> int:
        before = len(self.kept)
        self.kept = [e for e in self.kept if e["token"] != token]
        return before - len(self.kept)

    def _answer(self) -> None:
        if self.away:
            raise guestbook.Refused(503, "the database: no leader")


@dataclass
class Site:
    store: Listed
    port: int

    def ask(
        self, method: str, path: str, body: bytes | str | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            connection.close()

    def sign(self, **entry: Any) -> tuple[int, Any]:
        status, body, _ = self.ask("POST", "/entries", json.dumps(entry))
        return status, json.loads(body)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = Listed()
    page = render.sources()["page.html"]
    server = guestbook.Server(
        ("127.0.0.1", 0), store, guestbook.Uploads(tmp_path), page, "guestbook-1"
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Site(store, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_entry_is_acknowledged_read_and_removed_by_its_token(site: Site) -> None:
    status, said = site.sign(author="Ada", text="hällo", token="mine")
    assert (status, said) == (201, {"id": 1, "token": "mine"})
    site.sign(author="Bob", text="again")
    _, body, _ = site.ask("GET", "/entries?author=Ada&limit=5")
    assert [e["text"] for e in json.loads(body)["entries"]] == ["hällo"]
    _, body, _ = site.ask("DELETE", "/entries?token=mine")
    assert json.loads(body) == {"removed": 1}
    assert [e["author"] for e in site.store.kept] == ["Bob"]


def test_nobody_can_remove_what_they_do_not_know(site: Site) -> None:
    site.sign(author="Ada", text="x")
    assert len(site.store.kept[0]["token"]) == 32
    assert site.ask("DELETE", "/entries")[0] == 400
    assert site.ask("DELETE", "/entries?token=")[0] == 400
    assert len(site.store.kept) == 1


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        '{"author": "a"}',
        '{"author": " ", "text": "x"}',
        '{"author": 1, "text": "x"}',
        '{"author": "a", "text": "x\\u0000"}',
        json.dumps({"author": "a" * 81, "text": "x"}),
        json.dumps({"author": "a", "text": "x", "picture": "../etc/passwd"}),
    ],
)
def test_what_is_no_entry_is_refused(site: Site, body: str) -> None:
    status, said, _ = site.ask("POST", "/entries", body)
    assert status == 400
    assert json.loads(said)["error"]
    assert not site.store.kept


def test_an_entry_that_is_not_kept_is_not_acknowledged(site: Site) -> None:
    site.store.away = True
    assert site.sign(author="a", text="x") == (503, {"error": "the database: no leader"})
    assert site.ask("GET", "/entries")[0] == 503


def test_probes_and_the_page_do_not_ask_the_database(site: Site) -> None:
    site.store.away = True
    status, body, _ = site.ask("GET", "/healthz")
    assert (status, json.loads(body)) == (200, {"ok": True, "pod": "guestbook-1"})
    status, body, headers = site.ask("GET", "/")
    assert status == 200
    assert render.TITLE.encode() in body
    assert headers["X-Served-By"] == "guestbook-1"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].count("'sha256-") == 2


def test_an_upload_is_kept_whole_and_served_as_what_it_is(site: Site, tmp_path: Path) -> None:
    assert site.ask("PUT", "/uploads/shore.png", b"\x89PNG")[0] == 201
    assert site.ask("POST", "/uploads/note.html", b"<script>")[0] == 201
    assert sorted(p.name for p in tmp_path.iterdir()) == ["note.html", "shore.png"]
    status, body, headers = site.ask("GET", "/uploads/shore.png")
    assert (status, body, headers["Content-Type"]) == (200, b"\x89PNG", "image/png")
    _, _, headers = site.ask("GET", "/uploads/note.html")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    for _ in range(2):
        assert site.ask("DELETE", "/uploads/shore.png")[0] == 200
    assert site.ask("GET", "/uploads/shore.png")[0] == 404


@pytest.mark.parametrize("name", ["", ".hidden", "..", "%2e%2e%2fetc", "a%00b", "a" * 101, "ä"])
def test_a_name_that_leads_elsewhere_is_refused(site: Site, tmp_path: Path, name: str) -> None:
    path = f"/uploads/{name}".encode("ascii", "backslashreplace").decode()
    assert site.ask("PUT", path, b"x")[0] == 400
    assert not list(tmp_path.iterdir())


def test_too_much_is_refused(site: Site, tmp_path: Path) -> None:
    assert site.ask("PUT", "/uploads/large", b"x" * (guestbook.UPLOAD_BYTES + 1))[0] == 413
    assert site.ask("POST", "/entries", b"x" * (guestbook.ENTRY_BYTES + 1))[0] == 413
    assert not (tmp_path / "large").exists()


@pytest.mark.parametrize("path", ["/nothing", "/entries/1", "/etc/passwd"])
def test_nothing_else_is_there(site: Site, path: str) -> None:
    assert site.ask("GET", path)[0] == 404
    assert site.ask("POST", path, b"{}")[0] == 404


def test_a_volume_that_fails_is_told(tmp_path: Path) -> None:
    gone = guestbook.Uploads(tmp_path / "gone")
    with pytest.raises(guestbook.Refused, match="the volume: No such file"):
        gone.put("a", b"x")
