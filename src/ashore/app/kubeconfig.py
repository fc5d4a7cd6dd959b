"""`kubeconfig`: print the stack's own, or add a context to the user's."""

import os
import sys
from pathlib import Path

from ashore.app.enter import kubeconfig_path
from ashore.app.select import Wish, select
from ashore.host.run import require_root
from ashore.state.kubeconfig import context_name, merge, remove, update
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState

KIND = "kubeconfig"
"""What the ledger calls a file that a context was merged into."""


def show(wish: Wish) -> None:
    """Print it; it holds a private key, so it is readable by root alone where it lies."""
    require_root("kubeconfig")
    sys.stdout.write(Path(kubeconfig_path(select(wish))).read_text(encoding="utf-8"))


def merge_into(wish: Wish, into: Path | None) -> None:
    """Add cluster, user and context under the stack's name; everything else stays as it is."""
    require_root("kubeconfig")
    chosen = select(wish)
    ours = Path(kubeconfig_path(chosen)).read_text(encoding="utf-8")
    path = into or users_own()
    name = context_name(chosen.stack.name)
    # Written down first, so that `down` takes the context out again.
    Ledger(chosen.state.ledger).record(KIND, str(path.absolute()))
    update(path, lambda existing: merge(existing, ours, name))
    sys.stderr.write(f"{path} has the context {name}: kubectl --context {name} get nodes\n")


def forget(state: StackState) -> None:
    """Take the stack's context out of every file that it was merged into."""
    name = context_name(state.name)
    for made in Ledger(state.ledger).entries():
        if made.kind == KIND:
            update(Path(made.name), lambda text: None if text is None else remove(text, name))


def users_own() -> Path:
    """The first file of $KUBECONFIG, else ~/.kube/config; of the user behind sudo, if any."""
    if named := os.environ.get("KUBECONFIG"):
        return Path(named.split(":")[0])
    user = os.environ.get("SUDO_USER")
    home = Path(f"~{user}").expanduser() if user else Path.home()
    return home / ".kube" / "config"
