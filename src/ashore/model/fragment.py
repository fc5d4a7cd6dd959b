"""What a component asks of a machine: files, units and commands, as data.

`components/cloudinit` merges the fragments of a machine into one user-data
document for its first boot; `plan`-time convergence writes the same files when
their content changes later and then runs what `File.notify` names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file on a machine.

    Attributes:
        content: whole content; bytes for binary files (keys).
        mode: octal permission bits, e.g. 0o644.
        owner: `user:group`.
        notify: shell command to run when a later change of the file was
            written (`systemctl reload dnsmasq`); empty for none. Commands of
            several changed files run once each, in order.
    """

    path: str
    content: str | bytes
    mode: int = 0o644
    owner: str = "root:root"
    notify: str = ""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A component's share of one machine.

    Attributes:
        component: folder name under `components/`.
        files: written before any command runs.
        commands: shell lines, run in order at first boot by cloud-init's
            runcmd, after all files of all fragments; must be idempotent.
        enable: units enabled and started at first boot, after the commands
            (one `systemctl enable --now --no-block` for all).
    """

    component: str
    files: tuple[File, ...] = ()
    commands: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
