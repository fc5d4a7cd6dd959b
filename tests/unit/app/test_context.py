import tarfile
from pathlib import Path

import pytest

from ashore.app.context import Ignored, pack, sent
from ashore.errors import AshoreError, ExitCode


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "site"
    for name in ("Dockerfile", "page.html", "build/Dockerfile.dev", ".git/config", "log/a.log"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    return place


def names(context: object) -> set[str]:
    with tarfile.open(fileobj=context) as tar:  # pyright: ignore
        return {member.name for member in tar if member.isreg()}


def test_a_directory_goes_as_standard_input(site: Path) -> None:
    command, context = sent(["build", "-t", "web", "site"])
    assert command == ["build", "-t", "web", "-"]
    assert "page.html" in names(context)


@pytest.mark.parametrize("given", [["-f", "site/build/Dockerfile.dev"],
                                   ["--file=site/build/Dockerfile.dev"]])  # fmt: skip
def test_a_dockerfile_is_named_as_it_is_in_the_context(site: Path, given: list[str]) -> None:
    command, _ = sent(["image", "build", *given, "site"])
    assert "build/Dockerfile.dev" in command[-2]
    assert "site" not in command[-2]


@pytest.mark.parametrize("given", [
    ["ps", "site"], ["build", "-"], ["build", "--help"], ["build", "https://example.org/x.git"],
])  # fmt: skip
def test_everything_else_goes_as_it_is(site: Path, given: list[str]) -> None:
    assert sent(given) == (given, None)


@pytest.mark.parametrize("given", [["build", "nowhere"], ["build", "-f", "/etc/passwd", "site"]])
def test_what_cannot_be_sent(site: Path, given: list[str]) -> None:
    with pytest.raises(AshoreError) as caught:
        sent(given)
    assert caught.value.exit_code is ExitCode.USAGE


def test_what_is_ignored_stays_here(site: Path) -> None:
    (site / ".dockerignore").write_text("# not these\n.git\n*/*.log\nDockerfile\n")
    found = names(pack(site, always=("Dockerfile",)))
    assert found == {"Dockerfile", ".dockerignore", "page.html", "build/Dockerfile.dev"}


def test_owners_of_this_computer_mean_nothing_elsewhere(site: Path) -> None:
    with tarfile.open(fileobj=pack(site)) as tar:
        assert {(member.uid, member.gid, member.uname) for member in tar} == {(0, 0, "")}


def test_docker_knows_it_for_a_tar_by_its_first_block(site: Path) -> None:
    (site / ("a" * 200)).write_text("")
    first = tarfile.TarInfo.frombuf(pack(site).read(512), "utf-8", "strict")
    assert (first.name, first.isdir()) == (".", True)


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("*.md\n!README.md", "a.md", "README.md"),
        ("**/cache", "a/b/cache/x", "cached"),
        ("/src/*.o", "src/a.o", "src/b/a.o"),
        ("node_modules/", "node_modules/x/y", "my/node_modules"),
        ("a?c", "abc", "a/c"),
        ("*.py[cod]", "a.pyc", "a.py"),
        ("v[0-35-9].txt", "v2.txt", "v4.txt"),
        ("[^a-c]x", "dx", "bx"),
        (r"[\]\-^]", "-", r"\\"),
        ("[*?[&]", "*", "a"),
        (r"a\*b", "a*b", "axb"),
        (r"\[x]", "[x]", "x"),
    ],
)
def test_patterns(patterns: str, ignored: str, kept: str) -> None:
    rules = Ignored(patterns)
    assert rules(ignored)
    assert not rules(kept)


@pytest.mark.parametrize("pattern", ["[", "a[]", "[^]", "[]a]", "[a-]", "[-a]", "[z-a]", "a\\"])
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(AshoreError) as refused:
        Ignored(pattern)
    assert pattern in refused.value.message
    assert refused.value.exit_code is ExitCode.USAGE
