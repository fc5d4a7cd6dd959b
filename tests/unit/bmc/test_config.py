from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ashore.bmc import passwords
from ashore.bmc.config import Account, load
from ashore.errors import AshoreError
from tests.unit.bmc.fakes import config


def written(directory: Path, text: str, mode: int = 0o600) -> Path:
    file = directory / "config.json"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = config(tmp_path, settings={"network": "10.77.0.0/24"})
    assert load(written(tmp_path, made.text())) == made
    assert load(tmp_path / "config.json").version == made.version


@pytest.mark.parametrize(
    "change",
    [{"release": "2"}, {"fingerprint": "01"}, {"settings": {"a": 1}}, {"accounts": ()}],
)
def test_the_version_follows_everything(tmp_path: Path, change: dict[str, Any]) -> None:
    made = config(tmp_path)
    assert replace(made, **change).version != made.version


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(AshoreError, match="others may read or write") as raised:
        load(written(tmp_path, config(tmp_path).text(), mode))
    assert "chmod 0600" in raised.value.hint


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"accounts": [{}]}', "\x00"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(AshoreError, match="no configuration"):
        load(written(tmp_path, text))
    with pytest.raises(AshoreError, match="no configuration"):
        load(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    "accounts",
    [
        (Account("lb1", "lb1", "plain"),),
        (Account("lb1", "lb1", "scrypt$2$1$1$AAAA$AAAA"),),
        (Account("a", "lb1", passwords.digest("x", b"y")),) * 2,
    ],
)
def test_accounts_have_digests_and_machines_of_their_own(
    tmp_path: Path, accounts: tuple[Account, ...]
) -> None:
    with pytest.raises(AshoreError, match="no configuration"):
        load(written(tmp_path, config(tmp_path, accounts=accounts).text()))


def test_a_password_is_right_or_not() -> None:
    checked = passwords.Passwords({"lb1": passwords.digest("rîght", b"salt")})
    for _ in range(2):  # the second time from memory
        assert checked.right("lb1", "rîght")
        assert not checked.right("lb1", "right")
        assert not checked.right("lb2", "rîght")
    assert not checked.right("lb1", "")
    assert not checked.right("", "rîght")
    assert not checked.right("lb1", "r" * 1000)


def test_a_password_is_not_in_the_configuration(tmp_path: Path) -> None:
    assert "secret of" not in config(tmp_path).text()
