from itertools import pairwise
from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.stack.load import load, loads
from ashore.stack.schema import StackFile
from ashore.stack.values import MIB
from ashore.stack.violation import InvalidStackFile


def refused(text: str) -> InvalidStackFile:
    with pytest.raises(InvalidStackFile) as caught:
        loads(text, "stack.yaml")
    return caught.value


def places(error: InvalidStackFile) -> list[tuple[int, int, str]]:
    return [(v.place.line, v.place.column, v.key) for v in error.violations if v.place]


def test_a_file_that_says_nothing_is_the_default_stack() -> None:
    assert loads("{}") == StackFile()


def test_what_is_said_is_taken_and_the_rest_is_default() -> None:
    file = loads("name: prod\nmachines: {worker: {count: 7, cpus: 1.5, memory: 1.5GiB}}\n")
    assert file.name == "prod"
    assert file.machines.worker.count == 7
    assert file.machines.worker.cpus == 1.5
    assert file.machines.worker.memory == 1536 * MIB
    assert file.machines.controlplane.count == 3


def test_yes_and_no_are_words() -> None:
    assert loads("name: no").name == "no"
    assert 'supply "yes" is not offered' in refused("supply: yes").message


def test_anchors_and_merges_are_fine() -> None:
    file = loads(
        "machines:\n"
        "  worker: &big {count: 3, cpus: 4, memory: 8GiB}\n"
        "  controlplane:\n"
        "    count: 5\n"
        "    <<: *big\n"
    )
    assert file.machines.controlplane.count == 5
    assert file.machines.controlplane.memory == file.machines.worker.memory == 8192 * MIB


def test_every_violation_is_told_at_once_in_the_order_of_the_file() -> None:
    error = refused(
        "nmae: x\n"
        "network:\n"
        "  cidr: 10.77.0.5/24\n"
        "  cidr: 10.78.0.0/24\n"
        "machines:\n"
        "  worker: {count: many, memory: 2G}\n"
        "  loadbalancer:\n"
        "driver: vmware\n"
    )
    assert error.exit_code is ExitCode.USAGE
    assert places(error) == [
        (1, 1, "nmae"),
        (3, 9, "network.cidr"),
        (4, 3, "network.cidr"),
        (6, 19, "machines.worker.count"),
        (6, 33, "machines.worker.memory"),
        (7, 3, "machines.loadbalancer"),
        (8, 9, "driver"),
    ]


def test_a_violation_is_printed_with_its_line_marked() -> None:
    assert refused("name: demo\nmachines:\n  worker: {count: 400}\n").message == (
        "stack.yaml: 1 problem\n"
        "\n"
        "stack.yaml:3:19: machines.worker.count is out of range: 400; must be 0 to 100\n"
        "    3 |   worker: {count: 400}\n"
        "      |                   ^^^"
    )


def test_a_long_line_is_printed_around_the_mark() -> None:
    error = refused("{" + "a: 1, " * 100 + "}")
    assert max(len(line) for line in error.message.splitlines()[3:]) <= 150
    assert len(error.violations) == 1 + 99  # unknown once, given twice 99 times


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae: x", "nmae is unknown; did you mean name?"),
        ("network: {floatingip: 10.77.0.10}", "did you mean floatingIP?"),
        ("kubernetes: {pod_cidr: 10.244.0.0/16}", "did you mean podCIDR?"),
        ("cidr: 10.77.0.0/24", "cidr is unknown here; it belongs to network"),
        ("network: {driver: nspawn}", "it belongs to the top of the file"),
        ("zzz: 1", "zzz is unknown; known here: apiVersion, kind, name"),
        ("apiVersion: ashore/v2", "did you mean ashore/v1?"),
        ("kind: Pod", 'kind "Pod" is not offered; offered: Stack'),
        ("driver: metal", 'driver "metal" is not offered; offered: nspawn, qemu, virtualbox'),
        ("kubernetes: {version: v1.37.2}", "did you mean 1.37.2?"),
        ("kubernetes: {version: 1.37}", "kubernetes.version 1.37 is not offered"),
        ("name: Demo", "name is no DNS label"),
        ("name: -demo", "name is no DNS label"),
        ("name: demo-", "name is no DNS label"),
        (f"name: {'a' * 33}", "name is no DNS label"),
        ("name: 5", "name must be a string"),
        ("name: [a]", "name must be a string"),
        ("network: none", 'network must be a mapping of keys, not "none"'),
        ("network: [a]", "network must be a mapping of keys, not a list"),
        ("network:\n", "network is empty"),
        ("network: {cidr: 10.77.0.0}", "must be a network such as 10.77.0.0/24"),
        ("network: {cidr: 10.77.0.0/33}", "is no IPv4 network"),
        ("network: {cidr: fd00::/64}", "is no IPv4 network"),
        ("network: {cidr: 10.77.0.9/24}", "has host bits set; did you mean 10.77.0.0/24?"),
        ("network: {floatingIP: 10.77.0}", "is no IPv4 address"),
        ("network: {domain: Lab.Internal.}", "must be lower case without a final dot"),
        ("network: {domain: a..b}", "is no domain"),
        ("network: {domain: a_b.c}", "is no domain"),
        (f"network: {{domain: {'.'.join(['a' * 60] * 4)}}}", "200 at most"),
        ("machines: {gateway: {count: 2}}", "is out of range: 2; must be 1"),
        ("machines: {loadbalancer: {count: 1}}", "is out of range: 1; must be 2"),
        ("machines: {controlplane: {count: 0}}", "must be 1 to 9"),
        ("machines: {worker: {count: -1}}", "must be 0 to 100"),
        ("machines: {worker: {count: 1.5}}", "must be a whole number, not 1.5"),
        ("machines: {worker: {count: true}}", "must be a whole number, not true"),
        ('machines: {worker: {count: "3"}}', 'must be a whole number, not "3"'),
        ("machines: {worker: {cpus: .inf}}", "machines.worker.cpus"),
        ("machines: {worker: {memory: 4}}", "needs a unit; write 4MiB or 4GiB"),
        ("machines: {worker: {memory: lots}}", "must be a size such as 512MiB"),
        ("machines: {worker: {memory: 4Gi}}", "did you mean 4GiB?"),
        ("machines: {worker: {memory: 16MiB}}", "is too small; at least 768MiB"),
        ("machines: {builder: {count: 1}}", "machines.builder is unknown"),
        ("name: !!python/object x", "name has a tag"),
        ("name: a\nname: b", "name is given twice; first in line 1"),
        ("network: {<<: 3}", "network.<< must be a mapping"),
        ("? [a]\n: b", "has a key that is not a plain word"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_file(text: str, said: str) -> None:
    assert said in refused(text).message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty; `{}` is the stack with every default"),
        ("# only a comment\n", "empty"),
        ("---\n", "empty"),
        ("demo", "must be a mapping of keys"),
        ("- demo", "must be a mapping of keys"),
        ("name: [1", "stack.yaml:1:9: not YAML: expected ',' or ']'"),
        ("name: 'x", "not YAML"),
        ("name: a: b", "stack.yaml:1:8: not YAML"),
        ("name: *x", "not YAML: found undefined alias"),
        ("network:\n\tcidr: 1", "stack.yaml:2:1: a tab; YAML indents by spaces"),
        ("name: a\n---\nname: b", "stack.yaml:2:1: a second document begins"),
        ("name: a\x01", "stack.yaml:1:8: holds a control character"),
        ("a: " + "[" * 3000, "nested too deeply"),
        ("a: &a {b: *a}", "nested too deeply"),
    ],
)
def test_what_is_no_stack_file_at_all(text: str, said: str) -> None:
    assert said in refused(text).message


def test_aliases_of_aliases_are_not_followed_for_ever() -> None:
    names = "abcdefghijklmnop"
    bomb = "a: &a [x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise(names)
    )
    assert "holds too much" in refused(bomb).message


def test_mappings_that_merge_each_other_end() -> None:
    assert "a is unknown" in refused("a: &a {<<: &b {<<: *a}}").message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\x00\x01", "a binary file, not YAML"),
        (b"name: d\xe9mo\n", ":1:8: not UTF-8"),
        (b"#" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "stack.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidStackFile) as caught:
        load(path)
    assert said in caught.value.message


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "stack.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: prod\r\n")
    assert load(path).name == "prod"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AshoreError) as caught:
        load(tmp_path / "stack.yaml")
    assert caught.value.exit_code is ExitCode.USAGE
    assert "no such file" in caught.value.message
    assert "ashore init" in caught.value.hint


def test_a_directory_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(AshoreError) as caught:
        load(tmp_path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "directory" in caught.value.message


def test_violations_as_json() -> None:
    assert refused("name: 5\nzzz: 1\n").details() == {
        "source": "stack.yaml",
        "valid": False,
        "violations": [
            {"line": 1, "column": 7, "key": "name", "message": "must be a string"},
            {
                "line": 2,
                "column": 1,
                "key": "zzz",
                "message": "is unknown; known here: apiVersion, kind, name, driver, os, supply, "
                "network, machines, kubernetes, storage, disk",
            },
        ],
    }


BMC = {
    "address": "192.0.2.11",
    "system": "/redfish/v1/Systems/1",
    "account": "fence",
    "passwordFile": "/etc/ashore/lb1.password",
}


def bmc(name: str = "lb1", **changed: str) -> str:
    keys = {**BMC, **changed}
    inner = ", ".join(f"{key}: {value}" for key, value in keys.items() if value)
    return f"machines: {{loadbalancer: {{bmc: {{{name}: {{{inner}}}}}}}}}\n"


def test_a_bmc_is_read() -> None:
    file = loads(bmc(address="bmc1.example.org", port="8443"))
    found = file.machines.loadbalancer.bmc.lb1
    assert found is not None
    assert (found.address, found.port, found.ca) == ("bmc1.example.org", 8443, None)
    assert file.machines.loadbalancer.bmc.lb2 is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bmc("lb3"), "bmc.lb3 is unknown; known here: lb1, lb2"),
        (bmc("w1"), "bmc.w1 is unknown; known here: lb1, lb2"),
        (bmc(account=""), "bmc.lb1.account is missing; write it as account: fence"),
        (bmc(passwordFile=""), "bmc.lb1.passwordFile is missing"),
        (bmc(password="secret"), "bmc.lb1.password is unknown; did you mean passwordFile?"),
        (bmc(passwordFile="lb1.password"), "must be the whole path of a file, from / on"),
        (bmc(passwordFile="/etc/"), "must be the whole path of a file"),
        (bmc(address="192.0.2.300"), "is no IPv4 address"),
        (bmc(address="-x"), "is no domain"),
        (bmc(port="0"), "is out of range: 0; must be 1 to 65535"),
        (bmc(system="/redfish/v1/Chassis/1"), "such as /redfish/v1/Systems/1"),
        (bmc(system="/redfish/v1/Systems/1/Actions"), "must be the path of one system"),
        (bmc(account="'a b'"), "without a space or colon"),
        ("machines: {loadbalancer: {bmc: {lb1: yes}}}", "must be a mapping of keys"),
        ("machines: {loadbalancer: {bmc: {lb1: }}}", "is empty; give it a value"),
        ("machines: {loadbalancer: {bmc: [lb1]}}", "must be a mapping of keys, not a list"),
    ],
)
def test_a_bmc_that_cannot_be(text: str, said: str) -> None:
    assert said in refused(text).message


def test_everything_that_is_wrong_with_a_bmc_is_told_at_once() -> None:
    error = refused(bmc(account="", address="192.0.2.300", passwordFile="x"))
    assert {v.key.rsplit(".", 1)[-1] for v in error.violations} == {
        "account", "address", "passwordFile",
    }  # fmt: skip
