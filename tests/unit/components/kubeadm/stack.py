"""A stack for the tests of this part."""

from ashore.model.host import HostFacts
from ashore.model.resolve import resolve
from ashore.model.types import Stack
from ashore.stack.schema import StackFile

LEGACY = HostFacts(cgroup=1, cap_sys_resource=False)
MODERN = HostFacts(cgroup=2, cap_sys_resource=True)


def demo(control_planes: int = 3, workers: int = 2, storage: int = 3) -> Stack:
    return resolve(
        StackFile.model_validate(
            {
                "apiVersion": "ashore/v1",
                "kind": "Stack",
                "name": "demo",
                "machines": {
                    "controlplane": {"count": control_planes},
                    "worker": {"count": workers},
                    "storage": {"count": storage},
                },
            }
        )
    )
