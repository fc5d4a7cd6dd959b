"""What differs between the distributions that a golden disk is built from: one table."""

from dataclasses import dataclass, field
from pathlib import Path

from ashore.errors import AshoreError, ExitCode


@dataclass(frozen=True, slots=True)
class Distribution:
    """A release of a distribution, as its own archive offers it.

    Attributes:
        name: as the stack file calls it.
        title: for descriptions that people read.
        pockets: what follows the suite's name: updates and the like.
        archives: architecture -> base of the archive.
        security: base of the archive of the security pocket, if it is another one.
        keyring: the archive's public keys on this host, and the package that brings them.
        kernel: architecture -> the kernel without drivers that only real hardware needs.
        boot: packages that join kernel and initial file system into one EFI program.
        instead: package of Debian trixie -> its name here.
    """

    name: str
    title: str
    suite: str
    components: str
    pockets: tuple[str, ...]
    archives: dict[str, str]
    security: str | None
    keyring: Path
    keyring_package: str
    kernel: dict[str, str]
    boot: tuple[str, ...]
    instead: dict[str, str] = field(default_factory=dict[str, str])

    def packages(self, golden: tuple[str, ...], architecture: str) -> tuple[str, ...]:
        """Those of the golden root file system, and what a disk needs beyond it."""
        named = (self.instead.get(name, name) for name in golden)
        return tuple(dict.fromkeys((*named, *_DISK, *self.boot, self.kernel[architecture])))

    def sources(self, architecture: str) -> tuple[str, ...]:
        """The lines of apt's sources, from the distribution's own archive."""
        base = self.archives[architecture]
        suites = [(base, self.suite), *((base, f"{self.suite}-{p}") for p in self.pockets)]
        suites.append((self.security or base, f"{self.suite}-security"))
        return tuple(f"deb {uri} {suite} {self.components}" for uri, suite in suites)


_DISK = ("initramfs-tools", "lvm2", "thin-provisioning-tools", "udev", "zstd")
_DEBIAN = {"amd64": "http://ftp.debian.org/debian", "arm64": "http://ftp.debian.org/debian"}
_DEBIAN_SECURITY = "http://security.debian.org/debian-security"
_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_DEBIAN_KERNEL = {"amd64": "linux-image-cloud-amd64", "arm64": "linux-image-cloud-arm64"}

DISTRIBUTIONS = (
    Distribution(
        name="debian/trixie",
        title="Debian 13",
        suite="trixie",
        components="main",
        pockets=("updates",),
        archives=_DEBIAN,
        security=_DEBIAN_SECURITY,
        keyring=_DEBIAN_KEYS,
        keyring_package="debian-archive-keyring",
        kernel=_DEBIAN_KERNEL,
        boot=("systemd-boot-efi", "systemd-ukify"),
    ),
    Distribution(
        name="debian/bookworm",
        title="Debian 12",
        suite="bookworm",
        components="main",
        pockets=("updates",),
        archives=_DEBIAN,
        security=_DEBIAN_SECURITY,
        keyring=_DEBIAN_KEYS,
        keyring_package="debian-archive-keyring",
        kernel=_DEBIAN_KERNEL,
        # systemd 252 has no ukify: objcopy joins the parts.
        boot=("systemd-boot-efi", "binutils"),
        instead={"fence-agents-redfish": "fence-agents", "docker-cli": "docker.io"},
    ),
    Distribution(
        name="ubuntu/noble",
        title="Ubuntu 24.04",
        suite="noble",
        components="main universe",
        pockets=("updates",),
        archives={
            "amd64": "http://archive.ubuntu.com/ubuntu",
            "arm64": "http://ports.ubuntu.com/ubuntu-ports",
        },
        security=None,
        keyring=Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
        keyring_package="ubuntu-keyring",
        kernel={"amd64": "linux-image-virtual", "arm64": "linux-image-virtual"},
        boot=("systemd-boot-efi", "systemd-ukify"),
        instead={"docker-cli": "docker.io"},
    ),
)


def distribution(name: str) -> Distribution:
    """The row of that name.

    Raises:
        AshoreError: there is none (exit code USAGE).
    """
    for row in DISTRIBUTIONS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in DISTRIBUTIONS)
    raise AshoreError(f"no distribution {name}", f"there are {known}", ExitCode.USAGE)
