"""Which hosts and addresses may be connected to when a person chose the host.

Anyone may declare an account on a server of any name, so a name could lead into the network that
this service stands in. The names are looked up here, every address is judged, and the connection
goes to the very address that was judged: there is no second look-up that could answer otherwise.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

from app.platforms.base import NotSupported, Unavailable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Two labels or more; the last one begins with a letter, so that no spelling of an address fits.
HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
# Names that never lead to a server of the public internet (RFC 6761, 6762, 8375, 9476).
INWARD_NAMES = ("alt", "arpa", "internal", "local", "localdomain", "localhost", "onion")

# What IANA's special-purpose registry keeps from being globally reachable, and multicast.
NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# IPv6 is the other way round: only this block is given out to the internet, less its exceptions,
# among them Teredo (2001::/32) and 6to4 (2002::/16), whose addresses hide an IPv4 address.
GLOBAL_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
NAT64 = IPv6Network("64:ff9b::/96")
# Where servers of an own network stand. Addresses that lead to the machine's own neighbourhood or
# to the credentials of a cloud (169.254.0.0/16, fe80::/10, fd00:ec2::254) are never among them.
INSIDE = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
CREDENTIALS_V6 = IPv6Network("fd00:ec2::/32")
# More addresses than these would only stretch the wait for a host that does not answer.
MOST_TRIED = 4


def checked_host(host: str) -> str:
    """A host name in lower case that can only be a name of the public internet.

    Raises:
        NotSupported: it is an address, a single label, a name of a local network, or no name.
    """
    name = host.lower()
    if HOST.fullmatch(name) is None or name.rpartition(".")[2] in INWARD_NAMES:
        raise NotSupported("the host is not a public name")
    return name


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address lies on the public internet, also within its IPv6 spellings."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return (
        address in GLOBAL_V6
        and address.scope_id is None
        and not any(address in network for network in NOT_PUBLIC_V6)
    )


def is_public_or_inside(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is public, or of a network that an operator may have servers in."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public_or_inside(address.ipv4_mapped)
        if address in CREDENTIALS_V6 or address.scope_id is not None:
            return False
    return is_public(address) or any(address in network for network in INSIDE)


def public_addresses(
    answers: Iterable[str], may: Callable[[IPv4Address | IPv6Address], bool] = is_public
) -> list[str]:
    """The addresses of a DNS answer, of which every single one must be public, or as `may` says.

    Raises:
        NotSupported: at least one is not, or is no address.
        Unavailable: there is none.
    """
    try:
        addresses = [ip_address(answer) for answer in dict.fromkeys(answers)]
    except ValueError:
        raise NotSupported("the host has no usable address") from None
    if not addresses:
        raise Unavailable("the host has no address")
    # An answer that mixes the two kinds is a trick, not an accident.
    if not all(may(address) for address in addresses):
        raise NotSupported("the host is not on the public internet")
    return [str(address) for address in addresses]


# A look-up cannot be called off, and a name server may take its time: these threads are not those
# in which all other platforms are looked up.
LOOKING = ThreadPoolExecutor(8, thread_name_prefix="look-up")


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the machine's resolver gives for a name, in its order of preference."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(LOOKING, ask)
    return [str(address[0]) for *_, address in found]


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; TLS still verifies the name, which it is given later.

    Hosts that the operator has named may also stand in a network of their own.
    """

    def __init__(
        self,
        resolve: Resolve,
        inner: httpcore.AsyncNetworkBackend | None = None,
        *,
        private_hosts: Collection[str] = (),
    ) -> None:
        self._private_hosts = private_hosts
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes one.

        Raises:
            NotSupported: the host is not on the public internet.
            Unavailable: it cannot be found or reached.
        """
        private = host.lower() in self._private_hosts
        name = host.lower() if private else checked_host(host)
        may = is_public_or_inside if private else is_public
        addresses = public_addresses(await self._answers(name, port, timeout), may)[:MOST_TRIED]
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=share,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise Unavailable("the host takes no connection")

    async def _answers(self, host: str, port: int, seconds: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(seconds):
                return await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise Unavailable("the host cannot be found") from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature.
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: a socket of this machine is not the public internet."""
        del path, timeout, socket_options
        raise NotSupported("the host is not on the public internet")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def public_pool(
    tls: ssl.SSLContext,
    *,
    connections: int,
    idle: int,
    idle_seconds: float,
    backend: PublicOnly,
) -> httpcore.AsyncConnectionPool:
    """Connections to hosts that people chose: few at once, and the longest idle closed first."""
    return httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=connections,
        max_keepalive_connections=idle,
        keepalive_expiry=idle_seconds,
        http2=True,
        network_backend=backend,
    )
