"""Names of container images, as Docker and containerd read them."""

import re
from dataclasses import dataclass

from ashore.errors import AshoreError, ExitCode

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LONGEST = 255
_HUB, _OFFICIAL = "docker.io", "library/"


@dataclass(frozen=True, slots=True)
class Reference:
    """A registry's host, a repository in it and a tag."""

    host: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}:{self.tag}"

    def on(self, host: str) -> "Reference":
        """The same image at another registry, where Docker's official ones have no `library/`."""
        official = self.host == _HUB and self.repository.startswith(_OFFICIAL)
        path = self.repository.removeprefix(_OFFICIAL) if official else self.repository
        return Reference(host, path, self.tag)


def parse(name: str) -> Reference:
    """`web`, `team/web:1`, `registry.example:5000/web:1`; what is left out is Docker's default.

    A digest beside the tag is dropped: it is of the image where it came from.

    Raises:
        AshoreError: not a name of an image.
    """
    rest, _, _ = name.partition("@")
    first, slash, path = rest.partition("/")
    # What has a dot or a port before the first slash is a host, and nothing else.
    named = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    host, rest = (first, path) if named else (_HUB, rest)
    repository, _, tag = rest.partition(":")
    tag = tag or "latest"
    if not named and "/" not in repository:
        repository = _OFFICIAL + repository
    fits = len(repository) <= _LONGEST
    if not (fits and _REPOSITORY.fullmatch(repository) and _TAG.fullmatch(tag)):
        raise AshoreError(
            f"{name!r} is not the name of an image",
            "like web:1 or team/web:1, in small letters",
            ExitCode.USAGE,
        )
    return Reference(host, repository, tag)
