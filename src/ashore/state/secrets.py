"""The secrets of a stack: made once, 0600 under 0700, never logged."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ashore.state.files import make_directory, write_atomic


class StackSecrets:
    """Implements `plan.step.Secrets` by a file for each secret.

    Args:
        scratch: where those go that do not exist yet, instead of the
            directory, for verbs that change nothing.
    """

    def __init__(self, directory: Path, scratch: Path | None = None) -> None:
        self._directory = directory
        self._new = scratch or directory

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name (`kube/ca.key`); made and stored if it is not there.

        Raises:
            ValueError: the name leaves the directory.
        """
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise ValueError(f"not a name of a secret: {name!r}")
        for directory in dict.fromkeys((self._directory, self._new)):
            try:
                return directory.joinpath(*parts).read_bytes()
            except FileNotFoundError:
                continue
        secret = make()
        make_directory(self._new)
        for count in range(1, len(parts)):
            make_directory(self._new.joinpath(*parts[:count]))
        write_atomic(self._new.joinpath(*parts), secret, 0o600)
        return secret
