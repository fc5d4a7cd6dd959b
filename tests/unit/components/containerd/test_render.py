from pathlib import Path

import pytest

from ashore.components.containerd.render import fragment
from ashore.model.host import HostFacts
from tests.unit.components.golden import as_text, check

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("capable", "name"), [(True, "capable-host.txt"), (False, "restricted-host.txt")]
)
def test_scores_are_restricted_only_where_they_must_be(capable: bool, name: str) -> None:
    facts = HostFacts(cgroup=1, cap_sys_resource=capable)
    text = as_text(fragment(sandbox="registry.example/pause:1", facts=facts))
    check(HERE, name, text)
