"""The guestbook's web server: entries in PostgreSQL, pictures in a directory.

It runs in a pod with the distribution's Python: standard library and psycopg2.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import re
import secrets
import signal
import socket
import sys
import threading
import urllib.parse
from collections.abc import Generator
from pathlib import Path
from typing import Any, Protocol

ENTRY_BYTES = 16 << 10
UPLOAD_BYTES = 2 << 20
SHOWN = 100

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TYPES = {
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".txt": "text/plain; charset=utf-8",
}


class Refused(Exception):
    """A request that cannot be done: HTTP status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Store(Protocol):
    """Where entries are kept. Every method raises Refused(503) for no answer."""

    def add(self, author: str, text: str, picture: str, token: str) -> int:
        """Keep an entry; returns its number when it is certain to be kept."""
        ...

    def entries(self, author: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest entries first."""
        ...

    def remove(self, token: str) -> int:
        """Remove what was written with a token; returns how many entries that were."""
        ...


class Postgres:
    """A connection for each request: none outlives its leader, and a failover needs no care."""

    def __init__(self, **settings: str) -> None:
        import psycopg2  # pyright: ignore[reportMissingModuleSource]

        self._connect = psycopg2.connect
        self._errors = (psycopg2.Error,)
        # The leader may vanish without a word: give it up after five seconds.
        # A statement_timeout would be wrong: it ends the wait for the follower,
        # and the commit is then reported as done although only one has it.
        self._settings: dict[str, Any] = {
            **settings,
            "connect_timeout": 2,
            "target_session_attrs": "read-write",
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 5000,
        }

    @contextlib.contextmanager
    def _session(self) -> Generator[Any]:
        try:
            connection = self._connect(**self._settings)
            try:
                with connection.cursor() as cursor:
                    yield cursor
                connection.commit()
                if connection.notices:  # "... may not have been replicated to the standby"
                    raise Refused(503, f"the database: {connection.notices[-1].strip()}")
            finally:
                connection.close()
        except self._errors as error:
            raise Refused(503, f"the database: {str(error).strip().splitlines()[0]}") from error

    def add(self, author: str, text: str, picture: str, token: str) -> int:
        with self._session() as cursor:
            cursor.execute(
                "INSERT INTO entries (author, text, picture, token)"
                " VALUES (%s, %s, %s, %s) RETURNING id",
                (author, text, picture, token),
            )
            return int(cursor.fetchone()[0])

    def entries(self, author: str | None, limit: int) -> list[dict[str, Any]]:
        with self._session() as cursor:
            cursor.execute(
                "SELECT id, at, author, text, picture FROM entries"
                " WHERE %(author)s IS NULL OR author = %(author)s ORDER BY id DESC LIMIT %(limit)s",
                {"author": author, "limit": limit},
            )
            return [
                {"id": i, "at": at.isoformat(), "author": who, "text": text, "picture": picture}
                for i, at, who, text, picture in cursor.fetchall()
            ]

    def remove(self, token: str) -> int:
        with self._session() as cursor:
            cursor.execute("DELETE FROM entries WHERE token = %s", (token,))
            return int(cursor.rowcount)


class Uploads:
    """Files in a directory that all pods of the front end share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, content: bytes) -> None:
        """Keep a file: whole, and on the disk before it is acknowledged."""
        path = self._path(name)
        partial = path.with_name(f".{name}.{secrets.token_hex(4)}")
        try:
            with partial.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            partial.rename(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Refused(503, f"the volume: {error.strerror}") from error

    def get(self, name: str) -> bytes:
        """The content of a file."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise Refused(404, f"no upload {name}") from None
        except OSError as error:
            raise Refused(503, f"the volume: {error.strerror}") from error

    def remove(self, name: str) -> None:
        """Delete a file; no error if it is not there."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise Refused(503, f"the volume: {error.strerror}") from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Refused(400, "a name has letters, digits, dots and dashes")
        return self._directory / name


def entry(body: bytes) -> dict[str, str]:
    """What a new entry says, checked: `author`, `text`, and perhaps `picture`, `token`."""
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(given, dict):
        raise Refused(400, "the body is not a JSON object")
    found: dict[str, str] = {}
    for key, longest in (("author", 80), ("text", 4000), ("picture", 100), ("token", 80)):
        value = given.get(key, "")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise Refused(400, f"{key} is a text of at most {longest} characters")
        found[key] = value.strip()
    if not found["author"] or not found["text"]:
        raise Refused(400, "an entry has an author and a text")
    if found["picture"] and not _NAME.fullmatch(found["picture"]):
        raise Refused(400, "a picture is the name of an upload")
    found["token"] = found["token"] or secrets.token_hex(16)
    return found


def policy(page: bytes) -> str:
    """The Content-Security-Policy that allows the page's own script and style, and no other."""
    sources: list[str] = []
    for tag in (b"script", b"style"):
        inner = re.search(rb"<%b>(.*?)</%b>" % (tag, tag), page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner[1] if inner else b"").digest()).decode()
        sources.append(f"{tag.decode()}-src 'sha256-{digest}'")
    same = "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'"
    return f"default-src 'none'; {'; '.join(sources)}; {same}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection. The server's attributes are what it works with."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    server: "Server"  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        path, query = self._target()
        if path == "/healthz":
            # Not the database: a pod that is taken out while that is away could
            # not even say so.
            self._json(200, {"ok": True, "pod": self.server.pod})
        elif path == "/":
            extra = {"Content-Security-Policy": self.server.policy}
            self._send(200, "text/html; charset=utf-8", self.server.page, extra)
        elif path == "/entries":
            limit = query.get("limit", str(SHOWN))
            if not limit.isdigit() or len(limit) > 9:
                raise Refused(400, "limit is a number")
            self._json(200, {"entries": self.server.store.entries(query.get("author"), int(limit))})
        else:
            name = self._upload(path)
            kind = _TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
            self._send(200, kind, self.server.uploads.get(name), {})

    def do_POST(self) -> None:
        path, _ = self._target()
        if path.startswith("/uploads/"):
            self.do_PUT()
            return
        if path != "/entries":
            raise Refused(404, f"nothing is at {path}")
        given = entry(self._body(ENTRY_BYTES))
        number = self.server.store.add(**given)
        self._json(201, {"id": number, "token": given["token"]})

    def do_PUT(self) -> None:
        name = self._upload(self._target()[0])
        self.server.uploads.put(name, self._body(UPLOAD_BYTES))
        self._json(201, {"name": name})

    def do_DELETE(self) -> None:
        path, query = self._target()
        if path != "/entries":
            self.server.uploads.remove(self._upload(path))
            self._json(200, {})
            return
        if not query.get("token"):
            raise Refused(400, "entries are removed by the token that they were written with")
        self._json(200, {"removed": self.server.store.remove(query["token"])})

    def handle_one_request(self) -> None:
        """Answer one request; what is refused is told as JSON."""
        try:
            super().handle_one_request()
        except Refused as refused:
            # The body may not have been read, so nothing can follow it.
            self.close_connection = True
            self._json(refused.status, {"error": str(refused)})
        except ConnectionError:
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: probes alone would fill the log."""

    def _target(self) -> tuple[str, dict[str, str]]:
        parts = urllib.parse.urlsplit(self.path)
        return parts.path, dict(urllib.parse.parse_qsl(parts.query))

    def _upload(self, path: str) -> str:
        if not path.startswith("/uploads/"):
            raise Refused(404, f"nothing is at {path}")
        return urllib.parse.unquote(path.removeprefix("/uploads/"))

    def _body(self, most: int) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise Refused(411, "the request has no Content-Length")
        if int(length) > most:
            # A client that is still sending when the connection ends sees no answer.
            self.rfile.read(min(int(length), 4 * most))
            raise Refused(413, f"at most {most} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Refused(400, "the body ends early")
        return body

    def _json(self, status: int, document: object) -> None:
        self._send(status, "application/json", json.dumps(document).encode(), {})

    def _send(self, status: int, kind: str, body: bytes, extra: dict[str, str]) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "X-Content-Type-Options": "nosniff",
            "X-Served-By": self.server.pod,
            **extra,
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    """The front end, with what its handlers need."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], store: Store, uploads: Uploads, page: bytes, pod: str
    ) -> None:
        super().__init__(address, Handler)
        self.store, self.uploads = store, uploads
        self.page, self.policy = page, policy(page)
        self.pod = pod


def main() -> None:
    """Serve until SIGTERM."""
    here = Path(__file__).parent
    store = Postgres(
        host=os.environ["DATABASE_HOST"],
        dbname="guestbook",
        user="guestbook",
        password=Path(os.environ["DATABASE_PASSWORD_FILE"]).read_text().strip(),
    )
    uploads = Uploads(Path(os.environ["UPLOADS"]))
    page = (here / "page.html").read_bytes()
    server = Server(("", 8080), store, uploads, page, socket.gethostname())

    def end(number: int, frame: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    sys.stderr.write("serving on port 8080\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
