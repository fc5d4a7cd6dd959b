"""A guest that stays: commands go in over a port, and it may reboot."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ashore.drivers.qemu.command import PROGRAM
from tests.machine.boot_disk import FIRMWARE, seed

KVM = (PROGRAM, "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-smp", "2")
"""The words that start QEMU on a computer where KVM works."""

_PORT = "ashore.commands"
_DEVICE = f"/dev/virtio-ports/{_PORT}"
_AGENT = """\
import json, os, subprocess, sys, threading, time, tty
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
if os.isatty(port):
    tty.setraw(port)
writing = threading.Lock()
def do(asked):
    try:
        done = subprocess.run(asked["argv"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=asked["seconds"])
        code, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        code, said = 124, error.stdout or b""
    except OSError as error:
        code, said = 127, str(error).encode()
    reply = {"id": asked["id"], "code": code, "said": said.decode(errors="replace")}
    data = json.dumps(reply).encode() + b"\\n"
    with writing:
        while data:
            data = data[os.write(port, data):]
rest = b""
while True:
    rest += os.read(port, 65536) or time.sleep(0.2) or b""
    *lines, rest = rest.split(b"\\n")
    for line in lines:
        threading.Thread(target=do, args=[json.loads(line)], daemon=True).start()
"""
_UNIT = """\
[Unit]
BindsTo={unit}
After={unit}
[Service]
ExecStart=/usr/bin/python3 /etc/agent.py {device}
Restart=always
[Install]
WantedBy=multi-user.target
"""
_BOOT = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended in the guest, with what both of its streams said."""

    code: int
    said: str


def first_boot(script: str, device: str) -> str:
    """The script of a first boot: what the test wants, then the agent on a device for good."""
    lines = [script]
    escaped = "-".join(part.replace("-", r"\x2d") for part in device.strip("/").split("/"))
    unit = _UNIT.format(device=device, unit=f"{escaped}.device")
    for path, text in (("agent.py", _AGENT), ("systemd/system/agent.service", unit)):
        lines.append(f"cat > /etc/{path} <<'END-OF-FILE'\n{text}END-OF-FILE")
    return "\n".join([*lines, "systemctl enable --now agent.service", ""])


class Commands:
    """Runs commands in a guest, through a port on which its agent listens.

    Attributes:
        console: what the guest says on its console, as it says it.
    """

    _process: subprocess.Popen[bytes]

    def __init__(self, console: Path) -> None:
        self.console = console
        self._asked = time.time_ns()

    def run(self, argv: Sequence[str] | str, seconds: float, *, check: bool = True) -> Done:
        """Run a command (a string: by the shell) to its end, as root."""
        words = ["sh", "-c", argv] if isinstance(argv, str) else list(argv)
        reply = self._ask(words, seconds)
        done = Done(reply["code"], reply["said"])
        assert done.code == 0 or not check, f"{argv}: exit {done.code}\n{done.said[-6000:]}"
        return done

    def up(self, seconds: float, former: str = "") -> str:
        """Wait until it takes commands; the boot's identity.

        Args:
            former: identity of a boot that is to end first.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                boot = self.run(["cat", _BOOT], 5).said.strip()
            except (TimeoutError, FileNotFoundError, ConnectionRefusedError):
                boot = former  # QEMU itself may not be there yet
            if boot != former:
                return boot
            time.sleep(1)
        raise AssertionError(f"no command was taken in {seconds:.0f} s; console:\n{self.said()}")

    def said(self) -> str:
        """The last lines of the console."""
        return self.console.read_text(errors="replace")[-3000:]

    def off(self) -> None:
        """Pull the cord."""
        self._process.kill()
        self._process.wait()

    def _connected(self) -> AbstractContextManager[socket.socket]:
        """The port, while the guest runs."""
        raise NotImplementedError

    def _ask(self, argv: list[str], seconds: float) -> dict[str, Any]:
        """Raises TimeoutError without an answer."""
        self._asked += 1
        asked = {"id": self._asked, "argv": argv, "seconds": seconds}
        deadline = time.monotonic() + seconds + 10
        with self._connected() as port:
            port.settimeout(10)
            port.sendall(json.dumps(asked).encode() + b"\n")
            rest = b""
            while True:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if reply := _reply(line, self._asked):
                        return reply
                port.settimeout(max(0.01, deadline - time.monotonic()))
                heard = port.recv(1 << 16)
                assert heard, self.said()
                rest += heard


def _reply(line: bytes, asked: int) -> dict[str, Any] | None:
    """The reply to a command, if a line is that.

    What was given up before may answer late, a reboot may cut a line, and a terminal
    repeats what it hears until the agent listens.
    """
    try:
        reply = json.loads(line)
    except ValueError:
        return None
    known = isinstance(reply, dict) and reply.get("id") == asked and "code" in reply
    return reply if known else None


class Guest(Commands):
    """The golden disk booted in QEMU with a second disk; overlays keep what it writes.

    Args:
        qemu: the words that start it, with its processors.
        directory: for the overlays, the socket and the console's log.
        memory: MiB.
    """

    def __init__(
        self,
        qemu: Sequence[str],
        directory: Path,
        disks: Sequence[Path],
        script: str,
        memory: int,
    ) -> None:
        super().__init__(directory / "console.log")
        self._commands = directory / "commands.sock"
        variables = directory / "variables.fd"
        variables.write_bytes((FIRMWARE / "OVMF_VARS_4M.fd").read_bytes())
        argv = [*qemu]
        argv += ["-m", str(memory), "-nodefaults", "-no-user-config", "-display", "none"]
        code = FIRMWARE / "OVMF_CODE_4M.fd"
        argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
        argv += ["-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
        for index, disk in enumerate(disks):
            file = _overlay(disk, directory / f"disk{index}.qcow2")
            argv += ["-drive", f"if=none,id=disk{index},format=qcow2,cache=unsafe,file={file}"]
            argv += ["-device", f"virtio-blk-pci,drive=disk{index},bootindex={index}"]
        data = seed(directory, first_boot(script, _DEVICE))
        argv += ["-drive", f"if=none,id=seed,format=raw,file={data}"]
        argv += ["-device", "virtio-blk-pci,drive=seed", "-device", "virtio-rng-pci"]
        argv += ["-serial", f"file:{self.console}", "-device", "virtio-serial-pci"]
        argv += ["-chardev", f"socket,id=port,path={self._commands},server=on,wait=off"]
        argv += ["-device", f"virtserialport,chardev=port,name={_PORT}"]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        assert self._process.poll() is None, self.said()
        with socket.socket(socket.AF_UNIX) as port:
            port.settimeout(10)
            port.connect(str(self._commands))
            yield port


def _overlay(disk: Path, overlay: Path) -> Path:
    kind = "qcow2" if disk.suffix == ".qcow2" else "raw"
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(disk), "-F", kind, str(overlay)]
    subprocess.run(argv, check=True)
    return overlay
