"""Hosts that people chose: only the public internet is connected to, and never looked up twice."""

import asyncio
import ssl
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.addresses import PublicOnly, checked_host, is_public, look_up, public_pool
from app.platforms.base import NotSupported, Platform, Unavailable
from tests.support import NOW

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("mastodon.social", "mastodon.social"),
        ("Mastodon.Social", "mastodon.social"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a.b-c.d1.id", "a.b-c.d1.id"),
    ],
)
def test_names_of_the_public_internet_are_taken(host, name):
    assert checked_host(host) == name


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "localhost",
        "localhost.",
        "api.localhost",
        "printer.local",
        "vault.internal",
        "router.home.arpa",
        "hidden.onion",
        "database",
        "127.0.0.1",
        "127.1",
        "0x7f.0x1",
        "2130706433",
        "1.1.1.1",
        "[::1]",
        "::1",
        "fe80::1%eth0",
        "mastodon.social:8080",
        "mastodon.social/..",
        "user@mastodon.social",
        "mastodon.social#",
        "mastodon.social?",
        "mastodon.social\n",
        "masto don.social",
        "-bad.social",
        "bad-.social",
        "a..social",
        "bücher.example",
        "{host}.social",
        "a" * 64 + ".social",
        ".".join(["abcdefg"] * 40),
    ],
)
def test_everything_else_is_refused_without_being_repeated(host):
    with pytest.raises(NotSupported) as refusal:
        checked_host(host)
    assert len(host) < 3 or host not in str(refusal.value)


@pytest.mark.parametrize("address", [PUBLIC, OTHER_PUBLIC, "8.8.8.8", "100.63.255.255"])
def test_public_addresses(address):
    assert is_public(ip_address(address))


INWARD = [
    "0.0.0.0",  # noqa: S104 - Nothing is bound here; it is refused.
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", INWARD)
def test_inward_addresses_are_refused_in_every_spelling(address):
    inner = int(IPv4Address(address))
    assert not is_public(IPv4Address(address))
    for spelling in (
        IPv6Address((0xFFFF << 32) | inner),
        IPv6Address(int(IPv6Address("64:ff9b::")) | inner),
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | inner),
        IPv6Address((0x2002 << 112) | (inner << 80) | 1),
        IPv6Address((0x20010000 << 96) | (inner ^ 0xFFFFFFFF)),
        IPv6Address(inner),
    ):
        assert not is_public(spelling), spelling


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "100::1",
        "2001:20::1",
        "2001:db8::1",
        "2001::1",
        "2606:4700::1%eth0",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_inward_ipv6_is_refused(address):
    assert not is_public(ip_address(address))


@given(st.ip_addresses())
def test_what_is_public_here_is_never_inward_to_the_standard_library(address):
    if is_public(address) and address not in IPv6Network("64:ff9b::/96"):
        assert address.is_global
        assert not address.is_multicast


class Resolver:
    """A name server that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        assert port == 443
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Stream(httpcore.AsyncMockStream):
    """A connection that notes which name TLS is to verify."""

    def __init__(self, names: list[str | None]) -> None:
        super().__init__([ANSWER])
        self.names = names

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature.
    ) -> httpcore.AsyncNetworkStream:
        del timeout
        assert ssl_context.check_hostname
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        self.names.append(server_hostname)
        return self


class Wire(httpcore.AsyncMockBackend):
    """A network that notes where it was connected to and which name TLS was given."""

    def __init__(self, *, dead: Iterable[str] = ()) -> None:
        self.dead = set(dead)
        self.connected: list[str] = []
        self.names: list[str | None] = []

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        if host in self.dead:
            raise httpcore.ConnectError
        return Stream(self.names)


async def visit(resolver: Resolver, wire: Wire, host: str = "mastodon.example") -> int:
    tls = httpx.create_ssl_context(trust_env=False)
    backend = PublicOnly(resolver, wire)
    async with public_pool(
        tls, connections=1, idle=1, idle_seconds=1, backend=backend
    ) as connections:
        return (await connections.request("GET", f"https://{host}/")).status


async def test_the_judged_address_is_connected_to_and_tls_checks_the_name():
    resolver, wire = Resolver([PUBLIC]), Wire()
    assert await visit(resolver, wire) == 200
    assert wire.connected == [PUBLIC]
    assert wire.names == ["mastodon.example"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(["127.0.0.1"], id="loopback"),
        pytest.param([PUBLIC, "10.0.0.1"], id="public-then-private"),
        pytest.param(["10.0.0.1", PUBLIC], id="private-then-public"),
        pytest.param([PUBLIC, "::ffff:127.0.0.1"], id="mapped"),
        pytest.param([PUBLIC, "fe80::1%2"], id="scoped"),
        pytest.param(["not-an-address"], id="garbage"),
    ],
)
async def test_one_inward_address_refuses_the_whole_answer(answer):
    resolver, wire = Resolver(answer), Wire()
    with pytest.raises(NotSupported) as refusal:
        await visit(resolver, wire)
    assert wire.connected == []
    assert "mastodon" not in str(refusal.value)


async def test_a_name_server_that_changes_its_answer_is_asked_once_for_a_connection():
    resolver, wire = Resolver([PUBLIC], ["127.0.0.1"]), Wire()
    assert await visit(resolver, wire) == 200
    assert (resolver.asked, wire.connected) == (["mastodon.example"], [PUBLIC])
    with pytest.raises(NotSupported):
        await visit(resolver, wire)
    assert wire.connected == [PUBLIC]


async def test_the_next_address_is_tried_where_one_is_dead():
    wire = Wire(dead=[OTHER_PUBLIC])
    assert await visit(Resolver([OTHER_PUBLIC, PUBLIC]), wire) == 200
    assert wire.connected == [OTHER_PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        pytest.param(OSError("mastodon.example"), (), id="name-unknown"),
        pytest.param(UnicodeError("mastodon.example"), (), id="name-unwritable"),
        pytest.param([], (), id="no-address"),
        pytest.param([PUBLIC], (PUBLIC,), id="nobody-answers"),
    ],
)
async def test_a_host_that_cannot_be_reached_is_unavailable(answer, dead):
    with pytest.raises(Unavailable) as failure:
        await visit(Resolver(answer), Wire(dead=dead))
    assert "mastodon" not in str(failure.value)


def test_look_ups_of_chosen_hosts_and_of_all_others_do_not_wait_for_each_other():
    """A look-up cannot be called off, and may take as long as its name server likes."""

    async def look_up_beside_another() -> None:
        loop, over = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        taken = loop.run_in_executor(None, over.wait)
        try:
            async with asyncio.timeout(5):
                assert "127.0.0.1" in await look_up("localhost", 443)
        finally:
            over.set()
            await taken

    # A loop of its own, since its threads end with it.
    asyncio.run(look_up_beside_another())


async def test_inward_names_are_not_even_looked_up():
    resolver = Resolver([PUBLIC])
    with pytest.raises(NotSupported):
        await visit(resolver, Wire(), "printer.local")
    with pytest.raises(NotSupported):
        await PublicOnly(resolver, Wire()).connect_unix_socket("/run/postgres")
    assert resolver.asked == []


@pytest.mark.parametrize("base_url", [None, "https://{host}", "https://{host}/api"])
async def test_a_chosen_host_is_reached_through_these_walls(base_url):
    """The machine's own resolver answers with a loopback address; httpx must not get past it."""
    resolver = Resolver(["127.0.0.1"])
    access = Access(Platform.MASTODON, SettableClock(NOW), base_url=base_url, resolve=resolver)
    with pytest.raises(NotSupported):
        await access.at("Mastodon.Example").get_json("/", {})
    assert resolver.asked == ["mastodon.example"]
    await access.aclose()


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        (None, "https://mastodon.example/api"),
        (
            "http://127.0.0.1:9000/mastodon/{host}",
            "http://127.0.0.1:9000/mastodon/mastodon.example/api",
        ),
        ("http://stand-in.test", "http://stand-in.test/api"),
    ],
    ids=["own", "template", "one-for-all"],
)
async def test_where_a_chosen_host_is_asked(base_url, address):
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        content = httpx.ByteStream(b"{}")
        return httpx.Response(200, stream=content, headers={"content-type": "application/json"})

    access = Access(
        Platform.MASTODON,
        SettableClock(NOW),
        base_url=base_url,
        transport=httpx.MockTransport(answer),
    )
    await access.at("mastodon.example").get_json("/api", {})
    assert seen == [address]
    with pytest.raises(NotSupported):
        access.at("127.0.0.1")
