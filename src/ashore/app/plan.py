"""`plan`: every step is asked, none is applied."""

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ashore.app.select import Chosen
from ashore.app.session import open_session
from ashore.app.up import steps
from ashore.events import ignore
from ashore.host.run import require_root
from ashore.plan.dryrun import plan


async def changes(chosen: Chosen) -> list[dict[str, Any]]:
    """What `up` would change, as `plan -o json` prints it."""
    require_root("plan")
    with tempfile.TemporaryDirectory(prefix="ashore-plan-") as scratch:
        if chosen.state.files.is_dir():
            shutil.copytree(chosen.state.files, scratch, dirs_exist_ok=True)
        session = open_session(chosen, scratch=Path(scratch))
        return [asdict(change) for change in await plan(await steps(session, ignore))]
