"""A keep-alive HTTP client that is not the bottleneck: raw protocols over several connections."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import cast

CONNECTIONS = 32


class UnexpectedAnswer(Exception):
    """The server answered something else than 200."""


@dataclass(slots=True)
class Tally:
    """What all connections have been answered until the deadline."""

    deadline: float
    answers: int = 0
    faults: list[str] = field(default_factory=list)


class Asker(asyncio.Protocol):
    """One connection that repeats a request as soon as the answer before has come."""

    def __init__(self, request: bytes, tally: Tally, ended: "asyncio.Future[None]") -> None:
        self._request = request
        self._tally = tally
        self._ended = ended
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class, only by what they do.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, parted, body = self._buffer.partition(b"\r\n\r\n")
        if not parted or len(body) < _content_length(head):
            return
        self._buffer = b""
        if not head.startswith(b"HTTP/1.1 200"):
            self._tally.faults.append(head.split(b"\r\n")[0].decode())
            self._transport.close()
            return
        self._tally.answers += 1
        if time.perf_counter() < self._tally.deadline:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._ended.set_result(None)


def _same(asker: Asker) -> Asker:
    return asker


def _content_length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n")[0])


def get(path: str, port: int, token: str | None = None) -> bytes:
    """The bytes of a GET request."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{bearer}\r\n".encode()


async def requests_per_second(
    port: int, request: bytes, *, seconds: float, connections: int = CONNECTIONS
) -> float:
    """How many answers a second come to one request, repeated for a while.

    Raises:
        UnexpectedAnswer: one of them was not 200.
    """
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    tally = Tally(begun + seconds)
    ends = [loop.create_future() for _ in range(connections)]
    for ended in ends:
        asker = Asker(request, tally, ended)
        await loop.create_connection(partial(_same, asker), "127.0.0.1", port)
    await asyncio.wait_for(asyncio.gather(*ends), seconds + 30)
    if tally.faults:
        raise UnexpectedAnswer(tally.faults[0])
    return tally.answers / (time.perf_counter() - begun)
