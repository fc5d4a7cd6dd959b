"""Identifiers of a disk that follow from what is on it, so that two builds agree."""

import os
import uuid
from dataclasses import dataclass

# 2026-01-01: later than the packages' own times would be taken for now, and
# differ between builds; earlier ones stay as they are.
_EPOCH = 1767225600


def epoch() -> int:
    """The time of everything that the build itself makes: SOURCE_DATE_EPOCH, or a fixed one."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given.isdigit() else _EPOCH


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifiers are derived from: the digest of the content."""

    digest: str

    def uuid(self, what: str) -> uuid.UUID:
        """The identifier of one part (`esp`, `disk`, a volume's name)."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"ashore:{self.digest}:{what}")

    def lvm(self, what: str) -> str:
        """The same in LVM's form: 32 letters or digits in groups."""
        text, parts = self.uuid(what).hex, list[str]()
        for length in (6, 4, 4, 4, 4, 4, 6):
            parts.append(text[:length])
            text = text[length:]
        return "-".join(parts)

    def serial(self, what: str) -> str:
        """Eight hexadecimal digits: the number of a FAT file system or of a VMDK's content."""
        return self.uuid(what).hex[:8]
