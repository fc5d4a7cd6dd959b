from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.state.kubeconfig import context_name, merge, read, remove, write

OURS = """\
apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: {server: https://10.77.0.10:6443, certificate-authority-data: QUJD}
users:
- name: admin
  user: {client-certificate-data: REVG}
contexts:
- name: admin@kubernetes
  context: {cluster: kubernetes, user: admin}
current-context: admin@kubernetes
"""

THEIRS = """\
# mine
apiVersion: v1
kind: Config
preferences: {colors: true}  # unknown to ashore
clusters:
- name: work
  cluster:
    server: "https://work.example:6443"
users: null
contexts:
- name: work
  context: {cluster: work, user: me}
current-context: work
"""

NAME = context_name("demo")


def test_a_first_kubeconfig_gets_the_context_and_switches_to_it() -> None:
    for nothing in (None, "", "\n"):
        text = merge(nothing, OURS, NAME)
        assert "current-context: ashore-demo\n" in text
        assert "  context:\n    cluster: ashore-demo\n    user: ashore-demo\n" in text
        assert "admin" not in text


def test_everything_else_stays_and_the_context_is_not_switched() -> None:
    text = merge(THEIRS, OURS, NAME)
    assert text.startswith("# mine\napiVersion: v1\n")
    assert "preferences: {colors: true}  # unknown to ashore\n" in text
    assert 'server: "https://work.example:6443"\n' in text
    assert "current-context: work\n" in text
    assert text.count("name: ashore-demo") == 3


def test_switching_on_request() -> None:
    assert "current-context: ashore-demo\n" in merge(THEIRS, OURS, NAME, set_current=True)


def test_merging_again_replaces_the_entry() -> None:
    once = merge(THEIRS, OURS, NAME)
    assert merge(once, OURS, NAME) == once
    moved = merge(once, OURS.replace("10.77.0.10", "10.78.0.10"), NAME)
    assert "10.77.0.10" not in moved
    assert moved.count("name: ashore-demo") == 3


def test_removing_leaves_the_rest() -> None:
    back = remove(merge(THEIRS, OURS, NAME), NAME)
    assert "ashore-demo" not in back
    assert remove(back, NAME) == back
    assert "# mine" in back
    assert "current-context: work\n" in back
    assert "current-context: ''" in remove(merge(None, OURS, NAME), NAME)


@pytest.mark.parametrize(
    "text",
    [
        "- a list\n",
        "clusters: {a: b}\n",
        "a: [",
        "apiVersion: v1\nclusters: text\n",
        "clusters: [text]\n",
        "a: 2026-99-99\n",
        "[" * 400,
    ],
)
def test_what_is_no_kubeconfig_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(AshoreError, match=r"^/home/me/config is not"):
        merge(text, OURS, NAME, source="/home/me/config")
    with pytest.raises(AshoreError, match=r"^/home/me/config is not"):
        remove(text, NAME, "/home/me/config")


def test_a_refusal_tells_where_and_no_keys() -> None:
    with pytest.raises(AshoreError) as refused:
        merge("users:\n- client-key-data: c2VjcmV0\n  client-key-data: c2VjcmV0\n", OURS, NAME)
    assert refused.value.message == (
        'the kubeconfig is not valid YAML, line 3: found duplicate key "client-key-data"'
    )


def test_there_is_nothing_to_remove_from_an_empty_file() -> None:
    assert remove("\n", NAME) == "\n"


def test_writing_follows_links_and_keeps_the_mode(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text(THEIRS)
    real.chmod(0o640)
    link = tmp_path / "config"
    link.symlink_to(real)
    write(link, merge(read(link), OURS, NAME))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "ashore-demo" in real.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config", "real"]


def test_a_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "kube" / "config"
    write(path, merge(read(path), OURS, NAME))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin"
    latin.write_bytes(b"# caf\xe9\n")
    for path in (tmp_path, latin, latin / "config", Path("/dev/null")):
        with pytest.raises(AshoreError, match=f"^{path}"):
            read(path)
    with pytest.raises(AshoreError, match=f"^{latin}/config: "):
        write(latin / "config", THEIRS)
