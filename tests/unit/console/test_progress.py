import io

from ashore.console.progress import Progress, line


def test_a_line_tells_how_far_and_how_fast() -> None:
    text = line("push web:1", 12 << 20, 24 << 20, 0.25)
    assert text == "push web:1  [############            ]  12 of 24 MiB, 48 MiB/s, 0.2s"


def test_nothing_to_send_is_all_of_it() -> None:
    assert "#" * 24 in line("push web:1", 0, 0, 0.0)


def test_elsewhere_than_on_a_terminal_the_end_is_one_line() -> None:
    out = io.StringIO()
    with Progress(out) as progress:
        for done in range(0, 101, 10):
            progress("push web:1", done << 20, 100 << 20)
    assert out.getvalue().count("\n") == 1
    assert "100 of 100 MiB" in out.getvalue()


def test_json_has_no_progress() -> None:
    out = io.StringIO()
    with Progress(out, quiet=True) as progress:
        progress("push web:1", 1, 1)
    assert out.getvalue() == ""
