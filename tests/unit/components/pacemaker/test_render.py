import xml.etree.ElementTree as ET
from pathlib import Path

from ashore.components.pacemaker import cib
from ashore.components.pacemaker.render import fragment
from ashore.model.host import HostFacts
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
FACTS = HostFacts(cgroup=2, cap_sys_resource=True)
FENCES = tuple(
    cib.FenceDevice(
        target=f"lb{n}",
        address="10.77.0.1",
        port=8443,
        system=f"/redfish/v1/Systems/lb{n}",
        account=f"fence-lb{n}",
        password=f"secret{n}",
    )
    for n in (1, 2)
)


def test_fragment() -> None:
    check(HERE, "fragment.txt", as_text(fragment(demo(), FENCES, "CERTIFICATE\n", FACTS)))


def test_cib() -> None:
    check(HERE, "fencing.xml", cib.render(demo(), FENCES))


def test_slow_machines_are_given_as_many_times_as_long() -> None:
    slow = cib.render(demo(), FENCES, 10)
    for time in ('"pcmk_off_timeout" value="150s"', '"transition-delay" value="2000ms"'):
        assert f"name={time}" in slow
    assert 'name="monitor" interval="5000ms" timeout="50s"' in slow
    assert 'name="start" interval="0s" timeout="200s"' in slow


def test_ids_are_unique() -> None:
    root = ET.fromstring(cib.render(demo(), FENCES))  # noqa: S314 - our own text
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
