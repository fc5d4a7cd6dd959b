"""What the service bears: sizes in bytes, times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one service.

    Attributes:
        connections: at once; each costs about 0.3 MiB for TLS (256 KiB of it
            asyncio's read buffer), so all of them keep the process below 40 MiB.
        peer_connections: at once from one address, so that one machine cannot
            keep the others from fencing it.
        handshake: until TLS is established.
        idle: between two requests of a connection.
        request: from a request's first byte to its last; also to write an answer.
        head: request line and headers. body: what follows.
        requests: on one connection.
        reset: for one reset by the driver. A power cut takes 0.2 to 0.5 s, a
            start up to 1 s, more on a busy host.
        state: for the driver to name the machines' states.
        queue: resets of one machine that run or wait.
        wrong_password: pause before the answer to a wrong password.
        grace: for running resets to end when the service is told to end.
    """

    connections: int = 32
    peer_connections: int = 8
    handshake: float = 5.0
    idle: float = 30.0
    request: float = 10.0
    head: int = 8192
    body: int = 4096
    requests: int = 1000
    reset: float = 30.0
    state: float = 5.0
    queue: int = 4
    wrong_password: float = 0.25
    grace: float = 10.0
