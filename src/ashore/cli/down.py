"""`ashore down`."""

from ashore.cli.common import Output, Target, drive


def down(target: Target | None = None, *, output: Output = "text") -> int:
    """Remove the stack and everything it made; the cache of programs and images stays."""
    return drive(_down(target or Target(), output))


async def _down(target: Target, output: str) -> int:
    from ashore.app.down import down as take_down
    from ashore.app.select import select
    from ashore.console.choose import console

    with console(output) as emit:
        return await take_down(select(target), emit)
