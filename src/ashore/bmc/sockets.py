"""Listening sockets in another network namespace, and TLS."""

import ctypes
import os
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ashore.bmc.config import Config

_CLONE_NEWNET = 0x40000000  # <linux/sched.h>
_BACKLOG = 32


def listen(config: Config) -> list[socket.socket]:
    """A listening socket for each address.

    Only the sockets live in the stack's fabric: the process stays where the
    driver expects it to be, in the host's own namespaces.

    Raises:
        OSError: the namespace or an address is not there, or the port is taken.
    """
    sockets: list[socket.socket] = []
    try:
        for address in config.listen:
            with _inside(config.namespace):
                sockets.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets[-1].bind(address)
            sockets[-1].listen(_BACKLOG)
            sockets[-1].setblocking(False)
    except BaseException:
        for opened in sockets:
            opened.close()
        raise
    return sockets


@contextmanager
def _inside(namespace: str) -> Generator[None]:
    """This thread in another network namespace; a socket stays in the one it was made in."""
    if not namespace:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(namespace, os.O_RDONLY)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def _setns(descriptor: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with the stack's certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
