from pathlib import Path
from typing import Any

import pytest

from ashore.events import ignore
from ashore.image import ingredients


def test_another_list_of_packages_is_another_place() -> None:
    one, two = (ingredients.planned(names, Path("/c")) for names in (("a",), ("a", "b")))
    assert one != two
    assert one.parent == two.parent == Path("/c/ingredients")
    assert ingredients.planned(("a",), Path("/c")) == one


async def test_they_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    async def run(argv: list[str], **_: Any) -> None:
        commands.append(argv)
        target = next(a for a in argv if a.endswith(ingredients.ROOT))
        Path(target).write_text("root")

    monkeypatch.setattr(ingredients, "run", run)
    monkeypatch.setattr(ingredients.rootfs, "host_mirrors", lambda: ("deb mirror",))
    for _ in range(2):
        place = await ingredients.obtain(("a", "b"), tmp_path, "demo/ingredients", ignore)
    assert (place / ingredients.ROOT).read_text() == "root"
    (argv,) = commands
    assert argv[-1] == "deb mirror"
    hook = next(a for a in argv if a.startswith("--customize-hook="))
    assert "--download-only --no-install-recommends install a b " in hook
