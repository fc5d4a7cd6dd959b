"""A transport for tests: answers from a script, and remembers what was asked."""

import fnmatch
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ashore.host.run import CommandFailed, Completed


@dataclass(frozen=True, slots=True)
class Put:
    """A file as it was written."""

    content: bytes
    mode: int
    owner: str


@dataclass
class RecordingTransport:
    """A `Transport` without a machine.

    Attributes:
        commands: every command line that was run, shell-quoted, in order.
        inputs: the standard input of each, in the same order.
        files: what `put` wrote and `get` reads.
    """

    machine: str = "m1"
    commands: list[str] = field(default_factory=list[str])
    inputs: list[bytes | None] = field(default_factory=list[bytes | None])
    files: dict[str, Put] = field(default_factory=dict[str, Put])
    _script: list[tuple[str, list[Completed | Exception]]] = field(
        default_factory=list[tuple[str, list[Completed | Exception]]]
    )

    def answer(
        self, pattern: str, stdout: str = "", *, stderr: str = "", returncode: int = 0
    ) -> None:
        """Answer command lines that match a shell pattern (fnmatch).

        The first pattern that matches counts. The same pattern again adds the
        answer to the next such command; the last answer is repeated.
        """
        done = Completed((), returncode, stdout.encode(), stderr.encode(), 0.0)
        self._add(pattern, done)

    def fail(self, pattern: str, error: Exception) -> None:
        """Raise (MachineDown) instead of answering."""
        self._add(pattern, error)

    def _add(self, pattern: str, answer: Completed | Exception) -> None:
        for known, answers in self._script:
            if known == pattern:
                answers.append(answer)
                return
        self._script.append((pattern, [answer]))

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Answer as scripted. Raises AssertionError for a command that nothing matches."""
        line = shlex.join(argv)
        self.commands.append(line)
        self.inputs.append(stdin)
        for pattern, answers in self._script:
            if fnmatch.fnmatchcase(line, pattern):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                return _give(answer, tuple(argv), check)
        raise AssertionError(f"{self.machine}: no answer scripted for: {line}")

    async def put(
        self, path: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root"
    ) -> None:
        """Keep the file in `files`."""
        self.files[path] = Put(content, mode, owner)

    async def get(self, path: str) -> bytes:
        """Read from `files`."""
        if path not in self.files:
            raise CommandFailed(f"{self.machine}: {path}: no such file", "", None)
        return self.files[path].content


def _give(answer: Completed | Exception, argv: tuple[str, ...], check: bool) -> Completed:
    if isinstance(answer, Exception):
        raise answer
    done = Completed(argv, answer.returncode, answer.stdout, answer.stderr, 0.0)
    if check and done.returncode:
        tail = done.stderr.decode()
        raise CommandFailed(f"exit {done.returncode}: {shlex.join(argv)}\n{tail}", "", done)
    return done
