from pathlib import Path

import pytest

from ashore.state.paths import StackState, cache_root, list_stacks, state_root
from ashore.state.secrets import StackSecrets


def test_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASHORE_STATE", raising=False)
    monkeypatch.delenv("ASHORE_CACHE", raising=False)
    assert (state_root(), cache_root()) == (Path("/var/lib/ashore"), Path("/var/cache/ashore"))
    monkeypatch.setenv("ASHORE_STATE", "/s")
    monkeypatch.setenv("ASHORE_CACHE", "/c")
    assert (state_root(), cache_root()) == (Path("/s"), Path("/c"))
    assert (state_root(Path("/x")), cache_root(Path("/y"))) == (Path("/x"), Path("/y"))


def test_roots_are_as_the_kernel_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASHORE_STATE", "link/state")
    monkeypatch.setenv("ASHORE_CACHE", "cache")
    assert state_root() == tmp_path.resolve() / "disk" / "state"
    assert cache_root() == tmp_path.resolve() / "cache"


def test_a_stack_is_made_listed_and_removed(tmp_path: Path) -> None:
    root = tmp_path / "state"
    assert list_stacks(root) == []
    state = StackState(root / "demo")
    state.make()
    state.make()
    (root / ".locks").mkdir()
    assert list_stacks(root) == ["demo"]
    for path in (state.root, state.secrets, state.files, state.machines):
        assert path.stat().st_mode & 0o777 == 0o700
    assert state.lock == root / ".locks" / "demo"
    state.remove()
    state.remove()
    assert list_stacks(root) == []


def test_the_copy_of_the_stack_file(tmp_path: Path) -> None:
    state = StackState(tmp_path / "demo")
    assert state.stack_file_text() is None
    state.make()
    state.keep_stack_file("name: demo\n")
    assert state.stack_file_text() == "name: demo\n"
    assert state.stack_file.stat().st_mode & 0o777 == 0o600


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    secrets = StackSecrets(tmp_path / "secrets")
    made = iter([b"first", b"second"])
    assert secrets.keep("kube/ca", lambda: next(made)) == b"first"
    assert StackSecrets(tmp_path / "secrets").keep("kube/ca", lambda: next(made)) == b"first"
    assert secrets.keep("token", lambda: next(made)) == b"second"
    modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.rglob("*")}
    assert modes == {"secrets": 0o700, "kube": 0o700, "ca": 0o600, "token": 0o600}


def test_a_secret_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise OSError("no entropy")

    with pytest.raises(OSError, match="no entropy"):
        StackSecrets(tmp_path).keep("token", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../../b"])
def test_a_secret_stays_in_its_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name of a secret"):
        StackSecrets(tmp_path).keep(name, lambda: b"x")
