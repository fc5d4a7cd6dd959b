import email
from pathlib import Path

import pytest

from ashore.components.cloudinit.render import HostKey, fragment, merge, network_config, script
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
STACK = demo()
PARTS = (
    Fragment(
        "one",
        files=(
            File("/etc/one/plain.conf", "a = $HOME `b`\n  'c' \\\n"),
            File("/etc/one/secret", "hidden\n", mode=0o600, owner="hacluster:haclient"),
            File("/usr/local/bin/tool", "#!/bin/sh\ntrue\n", mode=0o755),
        ),
        commands=("one --set-up",),
        enable=("one.service",),
    ),
    Fragment(
        "two",
        files=(
            File("/etc/two/binary", bytes(range(60)), mode=0o400),
            File("/etc/two/unfinished", "no newline at the end"),
            File("/etc/two/trap", "END-OF-FILE\n"),
        ),
        commands=("two --set-up",),
        enable=("two.service", "one.service"),
    ),
)


def machine(name: str) -> Machine:
    found = STACK.machine(name)
    assert found is not None
    return found


def user_data() -> str:
    seed = merge(
        STACK,
        machine("lb1"),
        PARTS,
        ssh_authorized_key="ssh-ed25519 AAAA user\n",
        host_key=HostKey(
            "-----BEGIN KEY-----\nprivate\n-----END KEY-----\n", "ssh-ed25519 BBBB lb1"
        ),
    )
    assert seed.meta_data == "instance-id: demo-lb1\nlocal-hostname: lb1\n"
    return seed.user_data


def test_user_data() -> None:
    check(HERE, "user-data.txt", user_data())


def test_user_data_is_a_multipart_document_of_two_parts() -> None:
    parts = email.message_from_string(user_data()).get_payload()
    assert isinstance(parts, list)
    kinds = [part.get_content_type() for part in parts if not isinstance(part, str)]
    assert kinds == ["text/cloud-config", "text/x-shellscript"]


def test_files_come_before_commands_and_units_last() -> None:
    lines = script(PARTS).splitlines()
    first_command = lines.index("one --set-up")
    assert first_command > max(i for i, line in enumerate(lines) if line.startswith("put "))
    assert lines[-1].endswith("systemctl enable --now --no-block one.service two.service")
    assert "--no-block" in lines[-1]


def test_a_machine_without_units_enables_nothing() -> None:
    assert "systemctl" not in script((Fragment("none", commands=("true",)),))


@pytest.mark.parametrize(("name", "golden"), [("gw", "static.yaml"), ("w1", "dhcp.yaml")])
def test_network(name: str, golden: str) -> None:
    check(HERE, golden, network_config(STACK, machine(name)))


def test_the_machine_knows_its_own_name() -> None:
    check(HERE, "own.txt", as_text(fragment(STACK, machine("cp1"))))
