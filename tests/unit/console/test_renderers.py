import asyncio
import json
from collections.abc import Iterable

import pytest

from ashore.console import choose
from ashore.console.errors import error_json, error_text
from ashore.console.jsonlines import JsonLines
from ashore.console.plain import Plain
from ashore.console.terminal import Terminal
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Event, Note, Output, RunDone

from .story import END, FAILURE, MACHINES, START, STORY, Stream, begun, check


class Clock:
    """A monotonic clock that follows the events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def play(self, emit: Emit, events: Iterable[Event]) -> None:
        for event in events:
            self.now = 100.0 + getattr(event, "at", self.now - 100.0)
            emit(event)


async def test_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, out = Clock(monkeypatch), Stream()
    with Plain(out) as emit:
        clock.play(emit, [Note("no uplink", "warning"), *STORY, *FAILURE])
        clock.now = 200.0
        clock.play(emit, [END, Note("\nTry: ashore status")])
    check("plain.txt", out.getvalue())


async def test_plain_lines_say_what_runs_when_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Stream()
    monkeypatch.setattr("ashore.console.plain.QUIET", 0.0)
    with Plain(out) as emit:
        emit(START)
        emit(begun("image", "build", "supply", 0.0))
        emit(START)  # looks at once, and then every second
    assert "running: image" in out.getvalue()


async def test_a_verb_without_steps_just_ends() -> None:
    down = RunDone("down", "demo", 4.2, 0, 0)
    for kind, text in ((Plain, "] down demo: done in 4.2s\n"), (Terminal, "✓ down demo  ")):
        out = Stream()
        with kind(out) as emit:
            emit(down)
        assert text in out.getvalue()


async def test_progress_of_a_step_is_not_chatty(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, out = Clock(monkeypatch), Stream()
    with Plain(out) as emit:
        for _ in range(100):
            clock.now += 0.1
            emit(Output("supply", "compiling"))
    assert out.getvalue().count("compiling") == 2


def test_json_lines_are_complete_and_outlive_their_reader() -> None:
    out = Stream()
    with JsonLines(out) as emit:
        for event in (*STORY, *FAILURE, END):
            emit(event)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(records) == len(STORY) + len(FAILURE) + 1
    assert records[0]["event"] == "RunStarted"
    assert records[-1]["critical_path"][1] == ["w1: start the machine", 30.0]

    class Gone(Stream):
        def write(self, s: str, /) -> int:
            raise BrokenPipeError

    with JsonLines(Gone()) as emit:
        emit(END)


async def test_the_terminal_draws_in_place_and_leaves_the_last_picture() -> None:
    out = Stream(tty=True)
    with Terminal(out) as emit:
        emit(Note("before the run"))
        assert out.getvalue() == "before the run\n"
        for event in STORY:
            emit(event)
        emit(Note("in between"))
        emit(END)
        emit(Note("Try: ashore status"))
    text = out.getvalue()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert text.index("in between") < text.rindex("\x1b[?25h") < text.index("critical path")
    assert text.endswith("Try: ashore status\n")


async def test_the_terminal_is_put_right_after_an_error() -> None:
    out = Stream(tty=True)
    with pytest.raises(KeyError), Terminal(out) as emit:
        for event in (START, *MACHINES):
            emit(event)
        raise KeyError
    assert "\x1b[?25h" in out.getvalue()
    assert "stopped 3 steps" in out.getvalue()
    before = out.getvalue()
    await asyncio.sleep(0.11)
    assert out.getvalue() == before


async def test_no_colour_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Stream(tty=True)
    with Terminal(out) as emit:
        for event in (*STORY, END):
            emit(event)
    assert "m" not in {
        code[-1] for code in out.getvalue().split("\x1b[")[1:] for code in [code[:3]]
    }


@pytest.mark.parametrize(
    ("tty", "env", "kind"),
    [
        (True, {}, Terminal),
        (True, {"CI": "true"}, Plain),
        (True, {"TERM": "dumb"}, Plain),
        (False, {}, Plain),
    ],
)
def test_choice(
    tty: bool, env: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr("sys.stderr", Stream(tty=tty))
    assert isinstance(choose.console("text"), kind)
    assert isinstance(choose.console("json"), JsonLines)


def test_errors() -> None:
    error = AshoreError("two lines\n  of it", "mend it", ExitCode.HOST)
    assert error_text(error) == "error: two lines\n  of it\nhint: mend it\n"
    assert error_text(AshoreError("short")) == "error: short\n"
    assert json.loads(error_json(error)) == {
        "error": {"message": "two lines\n  of it", "hint": "mend it", "exitCode": 3}
    }
