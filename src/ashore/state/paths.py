"""Where a stack keeps what it knows: one directory for each stack, readable by its owner only."""

import os
import shutil
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.state.files import make_directory, write_atomic


def state_root(given: Path | None = None) -> Path:
    """The directory of all stacks: argument, then ASHORE_STATE, then /var/lib/ashore.

    As the kernel names it, without symbolic links: mounts are looked up by their paths.
    """
    return (given or Path(os.environ.get("ASHORE_STATE") or "/var/lib/ashore")).resolve()


def cache_root(given: Path | None = None) -> Path:
    """Programs and images, shared by all stacks: argument, ASHORE_CACHE, /var/cache/ashore.

    Without symbolic links, like `state_root`.
    """
    return (given or Path(os.environ.get("ASHORE_CACHE") or "/var/cache/ashore")).resolve()


def list_stacks(root: Path) -> list[str]:
    """Names of the stacks that have a directory. One that may not be read holds none for us."""
    try:
        return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except (FileNotFoundError, PermissionError):
        return []


class StackState:
    """The paths of one stack. Nothing is made before `make`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name

    @property
    def lock(self) -> Path:
        """Outside of the stack's directory: `down` removes that while it holds the lock."""
        return self.root.parent / ".locks" / self.name

    @property
    def ledger(self) -> Path:
        """What was created, one line each (`state.ledger`)."""
        return self.root / "ledger.jsonl"

    @property
    def journal(self) -> Path:
        """What ran and how it ended (`state.journal`)."""
        return self.root / "journal.jsonl"

    @property
    def logs(self) -> Path:
        """A directory for each run, a file for each step (`state.logs`)."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Keys and tokens (`state.secrets`)."""
        return self.root / "secrets"

    @property
    def files(self) -> Path:
        """What steps leave for users and later verbs (kubeconfig)."""
        return self.root / "files"

    @property
    def machines(self) -> Path:
        """A directory for each machine, the driver's own."""
        return self.root / "machines"

    @property
    def stack_file(self) -> Path:
        """The copy of the stack file that was applied last."""
        return self.root / "stack.yaml"

    @property
    def uplink(self) -> Path:
        """Whether the stack may reach the outside, as decided at its first `up`."""
        return self.root / "uplink"

    @property
    def demo(self) -> Path:
        """The address of the demo's page, while it is up."""
        return self.files / "demo"

    def make(self) -> None:
        """Create the directories, 0700 but for the one of all stacks, whose names are no secret.

        Hold the lock: `down` may be removing them.
        """
        for path in (self.root, self.secrets, self.files, self.machines):
            make_directory(path)

    def stack_file_text(self) -> str | None:
        """The stack file as it was applied last, or None.

        Raises:
            AshoreError: it is there and may not be read (exit code 3).
        """
        try:
            return self.stack_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise AshoreError(
                f"{self.stack_file} may not be read", "run as root", ExitCode.HOST
            ) from error

    def keep_stack_file(self, text: str) -> None:
        """Keep a copy of what is being applied, so that later verbs work from any directory."""
        write_atomic(self.stack_file, text.encode(), 0o600)

    def remove(self) -> None:
        """Delete the stack's directory, if it is there. Everything mounted below must be gone.

        Raises:
            AshoreError: something could not be removed.
        """
        try:
            shutil.rmtree(self.root)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AshoreError(
                f"{self.root} could not be removed: {error.strerror}: {error.filename}",
                "see what holds it with `fuser -vm` and run `ashore down` again",
                ExitCode.LEFTOVERS,
            ) from error
