"""Fragments of a machine -> the NoCloud seed of its first boot."""

import base64
import json
import shlex
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
    "cloud_init_modules": ["set_hostname", "ssh"],
    "cloud_config_modules": [],
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
    `systemctl enable --now` for all units, which does not wait for them: to
    wait is a step's business, and a unit ordered after cloud-init could never
    start.
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
        # cloud-init has set the host name; networkd would start hostnamed to do it again.
        lines.append("      use-hostname: false")
    return "\n".join(lines) + "\n"


def _user_data(
    stack: Stack,
    machine: Machine,
    fragments: Sequence[Fragment],
    ssh_authorized_key: str,
    host_key: HostKey,
) -> str:
    """A multipart document: identity as cloud-config, everything else as one script.

    cloud-init parses cloud-config about ten times a boot, 1 ms of processor
    time for each kilobyte and time; a script it only writes and runs. So the
    files of the fragments are here-documents of the script, which reads as
    well and costs nothing.
    """
    parts = (
        ("cloud-config", _cloud_config(stack, machine, ssh_authorized_key, host_key)),
        ("x-shellscript", script(fragments)),
    )
    text = f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"\nMIME-Version: 1.0\n\n'
    for kind, content in parts:
        text += (
            f"--{_BOUNDARY}\n"
            f'Content-Type: text/{kind}; charset="utf-8"\n'
            "Content-Transfer-Encoding: 8bit\n\n"
            f"{content}\n"
        )
    return f"{text}--{_BOUNDARY}--\n"


def _cloud_config(
    stack: Stack, machine: Machine, ssh_authorized_key: str, host_key: HostKey
) -> str:
    key = "".join(f"    {line}\n" for line in host_key.private.splitlines())
    modules = "".join(f"{name}: {json.dumps(value)}\n" for name, value in _MODULES.items())
    return f"""\
#cloud-config
{modules}hostname: {machine.name}
fqdn: {stack.fqdn(machine)}
prefer_fqdn_over_hostname: false
manage_etc_hosts: false
users: []
disable_root: false
ssh_authorized_keys: [{json.dumps(ssh_authorized_key.strip())}]
ssh_deletekeys: true
ssh_quiet_keygen: true
ssh_publish_hostkeys:
  enabled: false
ssh_keys:
  ed25519_public: {json.dumps(host_key.public.strip())}
  ed25519_private: |
{key}"""


def script(fragments: Sequence[Fragment]) -> str:
    """The script of the first boot: files, commands, units; a line that fails is an error."""
    lines = ["#!/bin/sh", "set -e", _PUT]
    for fragment in fragments:
        lines += [_put(file) for file in fragment.files]
    # From here each line is shown before it runs, so that an error has its cause above it.
    lines += ["set -x", *(line for fragment in fragments for line in fragment.commands)]
    units = list(dict.fromkeys(unit for fragment in fragments for unit in fragment.enable))
    if units:
        # Without the hooks for SysV scripts, which make systemd reload for each unit. On a host
        # with no processor to spare a reload took longer than the usual 25 s, and a first boot
        # that failed is not tried again; whoever waits for it has a deadline of its own.
        lines.append("export SYSTEMCTL_SKIP_SYSV=1 SYSTEMD_BUS_TIMEOUT=600")
        lines.append("systemctl enable --now --no-block " + " ".join(units))
    return "\n".join(lines) + "\n"


# Made with its final mode, so that a secret is never readable for a moment.
_PUT = """\
put() { # path umask owner command...
  [ -d "${1%/*}" ] || (umask 022; mkdir -p "${1%/*}")
  path=$1 mask=$2 owner=$3
  shift 3
  rm -f "$path"
  (umask "$mask"; "$@" >"$path")
  [ "$owner" = root:root ] || chown "$owner" "$path"
}"""

_END = "END-OF-FILE"
_BOUNDARY = "ASHORE-NEXT-PART"


def _put(file: File) -> str:
    """The shell lines that write one file."""
    # cat makes it 0666 and the umask takes away; what is to be executable is changed after.
    mask = ~file.mode & 0o666
    head = f"put {shlex.quote(file.path)} {mask:04o} {shlex.quote(file.owner)}"
    if isinstance(file.content, str) and _is_plain(file.content):
        lines = f"{head} cat <<'{_END}'\n{file.content}{_END}"
    else:
        content = file.content if isinstance(file.content, bytes) else file.content.encode()
        # encodebytes breaks lines: long ones are cut by some mail parsers.
        encoded = base64.encodebytes(content).decode()
        lines = f"{head} base64 -d <<'{_END}'\n{encoded}{_END}"
    if file.mode & ~0o666:
        lines += f"\nchmod {file.mode:04o} {shlex.quote(file.path)}"
    return lines


def _is_plain(text: str) -> bool:
    """Whether a here-document, and a part of a multipart document, give back exactly this text."""
    return (
        text.endswith("\n")
        and f"\n{_END}\n" not in f"\n{text}"
        and f"--{_BOUNDARY}" not in text
        and all(char in "\n\t" or char.isprintable() for char in text)
    )
