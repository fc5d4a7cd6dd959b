"""The service as a step: it answers with the configuration that it should have."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from ashore import __version__
from ashore.bmc import passwords, probe, process
from ashore.bmc.config import Account, Config
from ashore.errors import AshoreError
from ashore.host.files import write
from ashore.host.service import Service
from ashore.patience import patience
from ashore.pki.authority import Pair, issue
from ashore.plan.step import Secrets

PORT = 8443
"""Of every stack's service."""

_STARTED = 20.0  # s; takes 0.3 alone


def password(secrets: Secrets, machine: str) -> str:
    """The password of a machine's account; the account's name is the machine's."""
    return secrets.keep(f"bmc/{machine}.password", lambda: os.urandom(32).hex().encode()).decode()


@dataclass(frozen=True)
class Redfish:
    """The Redfish service of a stack.

    Attributes:
        machines: short names; each gets an account of its own.
        settings: what the driver's factory needs in the service's process.
        namespace: path of the network namespace in which it listens; empty for the host's.
        ca: the stack's CA, which the clients trust.
        directory: for its files; it may be deleted when nothing of the service runs.
        log: directory of its logs.
        program: the command of a service with this configuration file.
    """

    stack: str
    driver: str
    machines: tuple[str, ...]
    namespace: str
    address: IPv4Address
    secrets: Secrets = field(repr=False)
    ca: Pair = field(repr=False)
    directory: Path
    log: Path
    program: Callable[[Path], Sequence[str]]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    key: str = "bmc"
    title: str = "serve Redfish for the machines"
    layer: str = "machines"
    machine: None = None
    needs: tuple[str, ...] = ("fabric",)

    async def drift(self) -> list[str]:
        """Whether it answers, and with which configuration."""
        return await self._differs(self._config(self._certificate()).version)

    async def apply(self) -> None:
        """Start it with the configuration, whatever ran before."""
        certificate = self._certificate()
        config = self._config(certificate)
        file = self.directory / "config.json"
        write(Path(config.certificate), certificate.cert, 0o600)
        write(Path(config.key), certificate.key, 0o600)
        write(file, config.text(), 0o600)
        await self._process.stop()
        await self._process.start(self.program(file), self.directory)
        await self._answers(config.version)

    @property
    def _process(self) -> Service:
        return process.service(self.stack)

    async def _answers(self, version: str) -> None:
        deadline = time.monotonic() + _STARTED * patience()
        while differs := await self._differs(version):
            if time.monotonic() > deadline:
                raise AshoreError(
                    f"the Redfish service of {self.stack}: {differs[0]}",
                    f"what it printed: {self._process.where_it_prints(self.directory)}",
                )
            await asyncio.sleep(0.05)

    async def _differs(self, version: str) -> list[str]:
        try:
            served = await probe.version(str(self.address), PORT, self.ca.cert)
        except probe.NoAnswer as error:
            return [f"it does not answer: {error}"]
        return [] if served == version else ["its configuration differs"]

    def _certificate(self) -> Pair:
        """One for each address: what the clients verify."""

        def make() -> bytes:
            return issue(self.ca, f"bmc.{self.stack}", ip=[self.address], server=True).bundle()

        return Pair.of_bundle(self.secrets.keep(f"bmc/{self.address}.pem", make))

    def _config(self, certificate: Pair) -> Config:
        return Config(
            stack=self.stack,
            driver=self.driver,
            settings=self.settings,
            namespace=self.namespace,
            listen=((str(self.address), PORT),),
            certificate=str(self.directory / "tls.crt"),
            key=str(self.directory / "tls.key"),
            fingerprint=hashlib.sha256(certificate.bundle()).hexdigest(),
            log=str(self.log),
            release=__version__,
            accounts=tuple(self._account(name) for name in self.machines),
        )

    def _account(self, machine: str) -> Account:
        # The salt only has to differ between stacks and machines: the password is
        # random, and the same secrets have to give the same configuration.
        salt = hashlib.sha256(f"{self.stack}/{machine}".encode()).digest()[:16]
        digest = passwords.digest(password(self.secrets, machine), salt)
        return Account(machine, machine, digest)
