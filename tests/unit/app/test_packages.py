from ashore.app.packages import missing
from ashore.drivers.base import Finding, Level


def test_packages_of_errors_once_each_and_none_of_warnings() -> None:
    found = [
        Finding("a", Level.ERROR, "", packages=("x", "y")),
        Finding("b", Level.WARNING, "", packages=("z",)),
        Finding("c", Level.ERROR, "", packages=("y",)),
        Finding("d", Level.OK, ""),
    ]
    assert missing(found) == ("x", "y")
