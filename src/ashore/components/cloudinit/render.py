"""Fragments of a machine -> the NoCloud seed of its first boot."""

import base64
import json
from collections.abc import Sequence
from typing import NamedTuple

from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine, Role, Stack


class HostKey(NamedTuple):
    """The ed25519 key of a machine's sshd, known before it boots.

    `private` is in OpenSSH's own PEM format, `public` one line as in known_hosts.
    """

    private: str
    public: str


class Seed(NamedTuple):
    """The three documents of a NoCloud seed; every driver hands over the same ones."""

    user_data: str
    meta_data: str
    network_config: str


# The stock configuration runs about forty modules; each costs an import. What
# a machine needs is decided here, so that the image can stay as packaged.
_MODULES = {
    "cloud_init_modules": ["write_files", "set_hostname", "ssh"],
    "cloud_config_modules": ["runcmd"],
    "cloud_final_modules": ["scripts_user"],
}


def fragment(stack: Stack, machine: Machine) -> Fragment:
    """What belongs to no component: the machine's own name, resolvable without the gateway."""
    hosts = (
        "127.0.0.1 localhost\n"
        f"{machine.address} {stack.fqdn(machine)} {machine.name}\n"
        "::1 localhost ip6-localhost ip6-loopback\n"
    )
    return Fragment("cloudinit", files=(File("/etc/hosts", hosts),))


def merge(
    stack: Stack,
    machine: Machine,
    fragments: Sequence[Fragment],
    *,
    ssh_authorized_key: str,
    host_key: HostKey,
) -> Seed:
    """Merge a machine's fragments into its seed.

    Files come first, then the commands in the order of the fragments, then one
    `systemctl enable --now` for all units, which does not wait for them: what
    waits is a step, and a unit ordered after cloud-init could never start.
    """
    return Seed(
        _user_data(stack, machine, fragments, ssh_authorized_key, host_key),
        f"instance-id: {stack.name}-{machine.name}\nlocal-hostname: {machine.name}\n",
        network_config(stack, machine),
    )


def network_config(stack: Stack, machine: Machine) -> str:
    """Network configuration, version 2. Only the gateway's address is static.

    The interface is found by its MAC and named eth0, on drivers that call it
    otherwise too.
    """
    lines = [
        "version: 2",
        "ethernets:",
        "  eth0:",
        "    match:",
        f"      macaddress: {json.dumps(machine.mac)}",
        "    set-name: eth0",
        "    accept-ra: false",
    ]
    if machine.role is Role.GATEWAY:
        network = stack.network
        lines += [
            "    dhcp4: false",
            f'    addresses: ["{network.gateway}/{network.cidr.prefixlen}"]',
            "    nameservers:",
            f'      addresses: ["{network.gateway}"]',
            f'      search: ["{network.domain}"]',
        ]
    else:
        lines += ["    dhcp4: true", "    dhcp4-overrides:", "      use-domains: true"]
    return "\n".join(lines) + "\n"


def _user_data(
    stack: Stack,
    machine: Machine,
    fragments: Sequence[Fragment],
    ssh_authorized_key: str,
    host_key: HostKey,
) -> str:
    lines = [
        "#cloud-config",
        *(f"{key}: {json.dumps(value)}" for key, value in _MODULES.items()),
        f"hostname: {machine.name}",
        f"fqdn: {stack.fqdn(machine)}",
        "prefer_fqdn_over_hostname: false",
        "manage_etc_hosts: false",
        "users: []",
        "disable_root: false",
        f"ssh_authorized_keys: [{json.dumps(ssh_authorized_key.strip())}]",
        "ssh_deletekeys: true",
        "ssh_quiet_keygen: true",
        "ssh_publish_hostkeys:",
        "  enabled: false",
        "ssh_keys:",
        "  ed25519_private: |2",
        *_literal(host_key.private, 4),
        f"  ed25519_public: {json.dumps(host_key.public.strip())}",
    ]
    files = [file for fragment in fragments for file in fragment.files]
    if files:
        lines.append("write_files:")
        for file in files:
            lines += _write_file(file)
    lines += ["runcmd:", *(f"  - {json.dumps(line)}" for line in _commands(fragments))]
    return "\n".join(lines) + "\n"


def _commands(fragments: Sequence[Fragment]) -> list[str]:
    """cloud-init joins these lines into one script; -e makes a failing line an error."""
    commands = ["set -ex", *(line for fragment in fragments for line in fragment.commands)]
    units = list(dict.fromkeys(unit for fragment in fragments for unit in fragment.enable))
    if units:
        commands.append("systemctl enable --now --no-block " + " ".join(units))
    return commands


def _write_file(file: File) -> list[str]:
    head = [
        f"  - path: {json.dumps(file.path)}",
        f"    owner: {json.dumps(file.owner)}",
        f'    permissions: "{file.mode:04o}"',
    ]
    if isinstance(file.content, bytes):
        return [
            *head,
            "    encoding: b64",
            f"    content: {base64.b64encode(file.content).decode()}",
        ]
    if _is_plain(file.content):
        return [*head, "    content: |2", *_literal(file.content, 6)]
    return [*head, f"    content: {json.dumps(file.content)}"]


def _is_plain(text: str) -> bool:
    """Whether a YAML literal block gives back exactly this text."""
    return (
        text.endswith("\n")
        and not text.endswith("\n\n")
        and text != "\n"
        and all(char in "\n\t" or char.isprintable() for char in text)
    )


def _literal(text: str, indent: int) -> list[str]:
    pad = " " * indent
    return [pad + line if line else "" for line in text.rstrip("\n").split("\n")]
