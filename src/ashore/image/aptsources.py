"""What this host's own apt fetches from where, as its sources.list and the files beside it say."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>.*)")

# What apt takes for a no: StringToBool of its strutl.cc.
_OFF = {"no", "false", "without", "off", "disable", "0"}


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of binary packages; the URI is as it was written, for reaching it."""

    uri: str
    suite: str
    components: tuple[str, ...]

    @property
    def place(self) -> str:
        """The same for two ways of writing one URI."""
        return self.uri.rstrip("/")


def installed(folder: Path = Path("/etc/apt")) -> list[str]:
    """The texts of the files that apt reads; one of another suffix is switched off."""
    beside = sorted((folder / "sources.list.d").glob("*"))
    listed = [folder / "sources.list", *(p for p in beside if p.suffix in (".list", ".sources"))]
    return [path.read_text(errors="replace") for path in listed if path.is_file()]


def read(texts: Iterable[str]) -> list[Source]:
    """The sources in files of either format; what is commented out or disabled is none."""
    found: list[Source] = []
    for text in texts:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        for paragraph in re.split(r"\n[ \t]*\n", "\n".join(lines)):
            found += [*_one_line(paragraph), *_deb822(paragraph)]
    return found


def _one_line(paragraph: str) -> Iterator[Source]:
    for line in paragraph.splitlines():
        if match := _LINE.fullmatch(line.partition("#")[0].strip()):
            components = tuple(match["components"].split())
            yield Source(match["uri"], match["suite"], components)


def _deb822(paragraph: str) -> Iterator[Source]:
    """The sources of a paragraph: each of its URIs with each of its suites."""
    # A line that begins with a blank goes on with the field above it.
    fields = {
        name.strip().lower(): value.split()
        for name, colon, value in (
            line.partition(":") for line in re.sub(r"\n[ \t]+", " ", paragraph).splitlines()
        )
        if colon
    }
    off = "".join(fields.get("enabled", [])).lower() in _OFF
    if off or "deb" not in fields.get("types", []):
        return
    components = tuple(fields.get("components", []))
    for uri in fields.get("uris", []):
        for suite in fields.get("suites", []):
            yield Source(uri, suite, components)
