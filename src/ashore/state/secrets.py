"""The secrets of a stack: made once, 0600 under 0700, never logged."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ashore.state.files import make_directory, write_atomic


class StackSecrets:
    """Implements `plan.step.Secrets` by a file for each secret."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name (`kube/ca.key`); made and stored if it is not there.

        Raises:
            ValueError: the name leaves the directory.
        """
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise ValueError(f"not a name of a secret: {name!r}")
        path = self._directory.joinpath(*parts)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            make_directory(self._directory)
            for count in range(1, len(parts)):
                make_directory(self._directory.joinpath(*parts[:count]))
            secret = make()
            write_atomic(path, secret, 0o600)
            return secret
