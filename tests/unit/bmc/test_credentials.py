"""Passwords and certificates that the stack file names for real BMCs."""

from pathlib import Path

import pytest

from ashore.bmc.credentials import credentials
from ashore.errors import AshoreError, ExitCode
from ashore.model.load import loads_stack
from ashore.model.types import Stack
from ashore.pki.authority import make_ca

SECRET = "correct horse battery staple"


def stack(*, password: Path, ca: Path | None = None) -> Stack:
    vouches = f", ca: {ca}" if ca else ""
    return loads_stack(
        "machines: {loadbalancer: {bmc: {lb1: {address: 192.0.2.11,"
        " system: /redfish/v1/Systems/1, account: fence,"
        f" passwordFile: {password}{vouches}}}}}}}}}\n"
    )


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


def refusal(given: Stack) -> AshoreError:
    with pytest.raises(AshoreError) as caught:
        credentials(given)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_a_stack_without_real_servers_needs_none() -> None:
    assert credentials(loads_stack("{}")) == {}


def test_the_password_and_the_certificate_are_read(password: Path, tmp_path: Path) -> None:
    certificate = make_ca("bmc").cert.decode()
    ca = tmp_path / "ca.pem"
    ca.write_text(f"subject=CN = bmc\n{certificate}and a word more\n")
    found = credentials(stack(password=password, ca=ca))
    assert found["lb1"].password == SECRET
    assert found["lb1"].authority == certificate
    assert SECRET not in repr(found)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_password_that_others_may_read_is_refused(password: Path, mode: int) -> None:
    password.chmod(mode)
    error = refusal(stack(password=password))
    assert f"lb1: {password}: others may read or write it (mode {mode:04o})" in error.message
    assert f"chmod 0600 {password}" in error.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty; it must hold the password"),
        (b"\n", "empty; it must hold the password"),
        (b"one\ntwo\n", "must be one line"),
        (b"x" * 300, "must be one line of at most 256"),
        (b"caf\xc3\xa9", "printable ASCII"),
    ],
)
def test_a_password_that_is_none(password: Path, content: bytes, said: str) -> None:
    password.write_bytes(content)
    assert said in refusal(stack(password=password)).message


def test_every_file_that_cannot_be_used_is_named_at_once(tmp_path: Path) -> None:
    error = refusal(stack(password=tmp_path / "absent", ca=tmp_path))
    assert f"{tmp_path}/absent: No such file or directory" in error.message
    assert f"{tmp_path}: Is a directory" in error.message
    assert "nothing was changed" in error.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no certificate", "no certificate in PEM"),
        (make_ca("a").cert + make_ca("b").cert, "holds 2 certificates; it must be one"),
    ],
)
def test_a_certificate_that_is_none(
    password: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(content)
    assert said in refusal(stack(password=password, ca=ca)).message
