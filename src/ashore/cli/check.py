"""`ashore check`."""

import json
import sys

from ashore.cli.common import Output, Target


def check(target: Target | None = None, *, output: Output = "text") -> None:
    """Check the stack file alone: keys, types, addresses. Touches nothing."""
    from ashore.app.select import select

    chosen = select(target or Target())
    stack = chosen.stack
    if output == "json":
        print(  # noqa: T201
            json.dumps(
                {
                    "stack": stack.name,
                    "source": chosen.source,
                    "valid": True,
                    "warnings": list(stack.warnings),
                    "machines": [
                        {"name": m.name, "role": m.role, "address": str(m.address)}
                        for m in stack.machines
                    ],
                }
            )
        )
        return
    for warning in stack.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    from ashore.picture.text import plain

    sys.stdout.write(plain(stack))
