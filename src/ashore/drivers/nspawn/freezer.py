"""Machines that stand still: their control groups are frozen."""

import contextlib
from pathlib import Path

from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host import cgroups
from ashore.host.wait import until

_FROZEN = 5.0  # s; a whole machine takes some milliseconds


class Freezer:
    """Implements `Freeze` for the machines of one stack."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def freeze(self, name: str) -> None:
        """See `Freeze`."""
        file, frozen, _ = self._freezer(name)
        if not file.exists():
            raise AshoreError(f"{name} cannot be frozen: there is no {file}")
        file.write_text(frozen)
        events = file.with_name("cgroup.events")

        def observe() -> str:
            if events.exists():
                return "" if "frozen 1" in events.read_text() else "still running"
            state = file.read_text().strip()
            return "" if state == frozen else state

        await until(f"{name} is frozen", observe, timeout=_FROZEN)

    def thaw(self, name: str) -> None:
        """See `Freeze`."""
        file, _, thawed = self._freezer(name)
        with contextlib.suppress(FileNotFoundError):
            file.write_text(thawed)

    def _freezer(self, name: str) -> tuple[Path, str, str]:
        """The file that freezes, and what to write to freeze and to thaw."""
        found = cgroups.hierarchies()
        if found.legacy:
            root = found.controllers.get("freezer", Path("/sys/fs/cgroup/freezer"))
            return root / self._names.cgroup / name / "freezer.state", "FROZEN", "THAWED"
        unified = found.unified or Path("/sys/fs/cgroup")
        group = unified / "ashore.slice" / self._names.unit(name)
        return group / "cgroup.freeze", "1", "0"
