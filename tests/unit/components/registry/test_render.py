from collections.abc import Callable
from pathlib import Path

import bcrypt

from ashore.components.registry.account import Account, account
from ashore.components.registry.render import fragment, pulls
from ashore.model.load import default_stack
from ashore.pki.authority import Pair
from tests.unit.components.golden import as_text, check

HERE = Path(__file__).parent
ACCOUNT = Account("ashore", "opensesame", "ashore:$2b$hash")


class Kept:
    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        return self.made.setdefault(name, make())


def test_the_gateway() -> None:
    identity = Pair(b"certificate\n", b"key\n")
    made = fragment(default_stack(), ACCOUNT, "secret", identity, b"authority\n")
    check(HERE, "gateway.txt", as_text(made))


def test_a_node_pulls_without_further_ado() -> None:
    check(HERE, "node.txt", as_text(pulls(default_stack(), ACCOUNT, b"authority\n")))


def test_the_password_is_kept_and_checked_by_its_hash() -> None:
    kept = Kept()
    made = account(kept)
    assert account(kept) == made
    name, _, hashed = made.hashed.partition(":")
    assert name == made.name
    assert bcrypt.checkpw(made.password.encode(), hashed.encode())
    assert made.password not in repr(made)


def test_nobody_else_reads_what_is_secret() -> None:
    identity = Pair(b"certificate\n", b"key\n")
    made = fragment(default_stack(), ACCOUNT, "secret", identity, b"authority\n")
    node = pulls(default_stack(), ACCOUNT, b"authority\n")
    open_ = {f.path.rpartition("/")[2] for f in (*made.files, *node.files) if f.mode & 0o004}
    assert open_ == {"ca.crt", "ashore.conf", "registry-collect.service"}
