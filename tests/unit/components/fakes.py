"""A machine that answers from a table and remembers what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ashore.host.run import CommandFailed, Completed

Answer = Callable[[Sequence[str]], tuple[int, str]]


@dataclass
class FakeTransport:
    """Implements `Transport`: `answer` gives return code and output of each command."""

    answer: Answer
    machine: str = "m1"
    asked: list[list[str]] = field(default_factory=list[list[str]])
    files: dict[str, tuple[bytes, int, str]] = field(
        default_factory=dict[str, tuple[bytes, int, str]]
    )

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        self.asked.append(list(argv))
        code, text = self.answer(argv)
        done = Completed(tuple(argv), code, text.encode(), b"", 0.0)
        if check and code:
            raise CommandFailed(f"exit {code}", "", done)
        return done

    async def put(
        self, path: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root"
    ) -> None:
        self.files[path] = (content, mode, owner)

    async def get(self, path: str) -> bytes:
        return self.files[path][0]
