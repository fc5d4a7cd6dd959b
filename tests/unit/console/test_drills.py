from ashore.console.drills import table


def test_what_a_drill_will_hit_stands_as_its_word() -> None:
    drill = {
        "name": "link-cut",
        "suite": "",
        "title": "a link is cut",
        "does": "cut the link of {machine}",
        "expected": "{other} serves",
        "cannot": "",
    }
    assert table([drill]) == (
        "link-cut: a link is cut\n  cut the link of <machine>\n  <other> serves\n"
    )


def test_suites_and_what_cannot_run_are_named() -> None:
    drill = {
        "name": "Flip",
        "suite": "pacemaker",
        "title": "stop or start one",
        "does": "stop it",
        "expected": "",
        "cannot": "the driver cannot freeze",
    }
    text = table([drill])
    assert text.startswith("suite pacemaker:\n")
    assert "Cannot run here: the driver cannot freeze" in text
