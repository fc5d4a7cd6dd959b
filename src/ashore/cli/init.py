"""`ashore init`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ashore.errors import AshoreError, ExitCode


def init(
    path: Annotated[Path, Parameter(help="where to write it; - for standard output")] = Path(
        "stack.yaml"
    ),
    *,
    force: Annotated[bool, Parameter(negative="", help="replace a file that is there")] = False,
) -> None:
    """Write a stack file with every key, its default and a comment."""
    from ashore.stack.init import text

    if str(path) == "-":
        sys.stdout.write(text())
        return
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text())
    except FileExistsError as error:
        raise AshoreError(
            f"{path} exists", "choose another name, or --force to replace it", ExitCode.USAGE
        ) from error
    except OSError as error:
        raise AshoreError(f"{path}: {error.strerror}", "", ExitCode.USAGE) from error
    sys.stderr.write(f"Wrote {path}. Next: ashore check, then sudo ashore up\n")
