"""Kubernetes objects of a component: applied together, recognised by their digest."""

import hashlib
from dataclasses import dataclass
from typing import Any

from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.transport.https import RequestFailed
from ashore.transport.kubeapi import KubeApi, object_path

_DIGEST = "ashore.internal/manifest"
_NOT_YET = (401, 403, 404, 429)
"""404: a kind that was defined a moment ago is not served yet."""
_SECONDS = 300.0
"""Until the first API of a new cluster has to be there."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Objects as a YAML stream.

    The last one carries the digest of the whole text, so that one small
    question tells whether all were applied as they are now.

    Attributes:
        last: path of that object below the API server's root.
    """

    text: str
    last: str

    async def drift(self, api: KubeApi) -> list[str]:
        """What differs from the text, as the API tells it."""
        try:
            found = await api.get(self.last)
        except AshoreError as error:
            return [error.message]
        name = self.last.rsplit("/", 1)[-1]
        if found is None:
            return [f"{name} is not installed"]
        if found["metadata"].get("annotations", {}).get(_DIGEST) != self._digest():
            return [f"{name} was installed from another manifest"]
        return []

    async def apply(self, api: KubeApi) -> None:
        """Apply all objects in their order, as soon as an API lets us.

        A cluster that has just started answers before it knows its first
        administrators, and refuses until then.

        Raises:
            RequestFailed: an object is wrong.
            AshoreError: no API took them before the deadline.
        """
        left = self.objects()
        for wanted in left:
            if object_path(wanted) == self.last:
                wanted["metadata"].setdefault("annotations", {})[_DIGEST] = self._digest()

        async def some() -> str:
            try:
                while left:
                    await api.apply(left[0])
                    del left[0]
            except RequestFailed as error:
                if error.status and error.status < 500 and error.status not in _NOT_YET:
                    raise
                return error.message
            return ""

        await until(some, f"{self.last.rsplit('/', 1)[-1]} is installed", seconds=_SECONDS)

    def objects(self) -> list[dict[str, Any]]:
        """The objects, in the order of the text."""
        from ruamel.yaml import YAML

        yaml: Any = YAML(typ="safe")
        return list(yaml.load_all(self.text))

    def _digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]
