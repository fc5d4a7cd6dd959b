import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.supply.reference import parse

HOST = "registry.demo.internal"


@pytest.mark.parametrize(
    ("name", "full", "here"),
    [
        ("web", "docker.io/library/web:latest", "web:latest"),
        ("web:1", "docker.io/library/web:1", "web:1"),
        ("docker.io/library/web:1", "docker.io/library/web:1", "web:1"),
        ("team/web:1", "docker.io/team/web:1", "team/web:1"),
        ("ghcr.io/team/web", "ghcr.io/team/web:latest", "team/web:latest"),
        ("localhost:5000/a/b:c", "localhost:5000/a/b:c", "a/b:c"),
        (f"{HOST}/web:1", f"{HOST}/web:1", "web:1"),
        ("web:1@sha256:" + "0" * 64, "docker.io/library/web:1", "web:1"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(name: str, full: str, here: str) -> None:
    assert str(parse(name)) == full
    assert str(parse(name).on(HOST)) == f"{HOST}/{here}"


@pytest.mark.parametrize(
    "name", ["", "Web", "web:", "web:a b", "-web", "a//b", "web:" + "x" * 129, "a/" * 200 + "b"]
)
def test_what_is_no_name(name: str) -> None:
    if name == "web:":
        assert parse(name).tag == "latest"
        return
    with pytest.raises(AshoreError) as caught:
        parse(name)
    assert caught.value.exit_code is ExitCode.USAGE
