"""`kubeconfig`: print the stack's own, or add a context to the user's."""

import os
import sys
from pathlib import Path

from ashore.app.enter import kubeconfig_path
from ashore.app.select import Wish, select
from ashore.errors import AshoreError
from ashore.events import Emit, Note
from ashore.host.run import require_root
from ashore.state.kubeconfig import context_name, merge, read, remove, write
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState

KIND = "kubeconfig"
"""What the ledger calls a file that a context was merged into."""


def show(wish: Wish) -> None:
    """Print it; it holds a private key, so it is readable by root alone where it lies."""
    require_root("kubeconfig")
    sys.stdout.write(Path(kubeconfig_path(select(wish))).read_text(encoding="utf-8"))


def merge_into(wish: Wish, into: Path | None) -> None:
    """Add cluster, user and context under the stack's name; everything else stays as it is.

    Raises:
        AshoreError: the stack has no kubeconfig yet, or the file cannot be used.
    """
    require_root("kubeconfig")
    chosen = select(wish)
    ours = Path(kubeconfig_path(chosen)).read_text(encoding="utf-8")
    path = into or users_own()
    name = context_name(chosen.stack.name)
    existing = read(path)
    text = merge(existing, ours, name, source=str(path))
    # Written down before it is done, so that `down` takes the context out again, but not
    # before the file has proved to be one that a context can be taken out of.
    Ledger(chosen.state.ledger).record(KIND, str(path.absolute()))
    if text != existing:
        write(path, text)
    sys.stderr.write(f"{path} has the context {name}: kubectl --context {name} get nodes\n")


def forget(state: StackState, emit: Emit) -> None:
    """Take the stack's context out of every file that it was merged into.

    A file that cannot be used stays as it is and is named: it is the user's, and
    must not keep the stack from being forgotten.
    """
    name = context_name(state.name)
    for made in Ledger(state.ledger).entries():
        if made.kind != KIND:
            continue
        try:
            _take_out(Path(made.name), name)
        except AshoreError as error:
            emit(Note(f"the context {name} was not taken out: {error.message}", "warning"))


def _take_out(path: Path, name: str) -> None:
    existing = read(path)
    if existing is not None and (text := remove(existing, name, str(path))) != existing:
        write(path, text)


def users_own() -> Path:
    """The first file of $KUBECONFIG, else ~/.kube/config; of the user behind sudo, if any."""
    if named := os.environ.get("KUBECONFIG"):
        return Path(named.split(":")[0])
    user = os.environ.get("SUDO_USER")
    home = Path(f"~{user}").expanduser() if user else Path.home()
    return home / ".kube" / "config"
