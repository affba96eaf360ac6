"""The guarded client: the one module that speaks HTTP to platforms.

Redirects are off, answers are capped on the wire and decoded, only JSON is data, and every
failure becomes an error of the tree in `base` without an address, a key or a handle in it.
"""

import asyncio
import hashlib
import json
import logging
import zlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Protocol

import httpx

from app.core.clock import Clock
from app.core.logs import get_logger
from app.core.metrics import record_platform_call
from app.platforms.addresses import PublicOnly, Resolve, public_pool
from app.platforms.base import (
    LoginWall,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    RateLimited,
    Unavailable,
)
from app.platforms.headers import retry_at

# httpx logs whole addresses at INFO, and addresses hold handles and keys.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

Transport = httpx.AsyncBaseTransport
Params = Mapping[str, str | int | list[str]]
APP: Final = "app"
PAGES: Final = "pages"
JSON_TYPES: Final = ("application/json", "application/problem+json", "application/jrd+json")
PAGE_TYPES: Final = ("text/html",)
TOO_MANY = 429
SERVER_ERROR = 500
REFUSED = 400
# Hosts that people chose are many and small: few connections at once, and few kept.
HOST_CONNECTIONS = 32
HOST_IDLE = 16
HOST_IDLE_SECONDS = 30.0
HOST_LIMITS = httpx.Limits(
    max_connections=HOST_CONNECTIONS,
    max_keepalive_connections=HOST_IDLE,
    keepalive_expiry=HOST_IDLE_SECONDS,
)
# A cookie would tie one question to the next.
REFUSE_COOKIES = DefaultCookiePolicy(allowed_domains=())


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """A decoded answer; its status is 2xx or a 4xx that the adapter must classify."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A public page; its status is 2xx or a 4xx that the adapter must classify."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lane:
    """Whose budget a request draws on: a platform, and an app or credential by a label.

    The label is `app`, `pages`, or a digest; never a secret. `host` is the digest of a host that
    a person chose, since each such server keeps a budget of its own and fails on its own.
    """

    platform: Platform
    credential: str = APP
    host: str = ""


class Gate(Protocol):
    """Budgets and breakers, asked before each request and told of each answer."""

    async def enter(self, lane: Lane, cost: int) -> None:
        """Draw on the budget.

        Raises:
            RateLimited: the budget is spent; CreditsExhausted where a person must buy more.
            Unavailable: the platform's breaker is open.
        """
        ...

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        """Take note of an answer's headers, or of what went wrong."""
        ...


class OpenGate:
    """No budget at all; for tests and for servers of our own."""

    async def enter(self, lane: Lane, cost: int) -> None:
        pass

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        pass


def credential_label(token: str) -> str:
    """A label for a token's budget that does not reveal the token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


class HostTransport(httpx.AsyncHTTPTransport):
    """The connections to all hosts that people chose, kept by one bounded pool.

    They go to public addresses only. Without a way of looking names up they go anywhere, for a
    server of the operator's own choice that stands in for the hosts.
    """

    def __init__(self, resolve: Resolve | None, *, private_hosts: Collection[str] = ()) -> None:
        super().__init__(trust_env=False, http2=True, limits=HOST_LIMITS)
        if resolve is not None:
            # httpx has no parameter for the network below it, httpcore has.
            self._pool = public_pool(
                httpx.create_ssl_context(trust_env=False),
                connections=HOST_CONNECTIONS,
                idle=HOST_IDLE,
                idle_seconds=HOST_IDLE_SECONDS,
                backend=PublicOnly(resolve, private_hosts=private_hosts),
            )


class PlatformHttp:
    """A client of one platform's API."""

    def __init__(
        self,
        platform: Platform,
        base_url: str,
        *,
        clock: Clock,
        gate: Gate | None = None,
        transport: Transport | None = None,
        deadline_seconds: float = 20.0,
        max_bytes: int = 2 * 1024 * 1024,
        host: str = "",
    ) -> None:
        self._platform = platform
        self._host = credential_label(host) if host else ""
        self._clock = clock
        self._gate = gate or OpenGate()
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            follow_redirects=False,
            http2=base_url.startswith("https:"),
            trust_env=False,
            cookies=CookieJar(REFUSE_COOKIES),
            timeout=httpx.Timeout(deadline_seconds),
            headers={
                "Accept-Encoding": "gzip",
                "Accept-Language": "en-US",
                "User-Agent": "simedsos/0.1 (government follower statistics)",
            },
        )

        self._origin = self._client.base_url.copy_with(raw_path=b"/")

    async def aclose(self) -> None:
        await self._client.aclose()

    async def get_json(
        self,
        path: str,
        params: Params,
        *,
        headers: Mapping[str, str] | None = None,
        credential: str = APP,
        cost: int = 1,
    ) -> JsonAnswer:
        """Ask for a JSON document; `credential` and `cost` say whose budget pays how much.

        Raises:
            RateLimited: 429 or a spent budget, with the moment after which to ask again.
            LoginWall: a page or a redirect came instead of data.
            Unavailable: the platform failed, was too slow, or its answer was not understood.
        """
        request = self._request("GET", path, JSON_TYPES, headers, params=params)
        return await self._paid(request, credential, cost)

    async def post_json(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        json_body: Any = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        credential: str = APP,
        cost: int = 1,
    ) -> JsonAnswer:
        """Send a form or a JSON document and read a JSON document; errors as for `get_json`."""
        request = self._request(
            "POST", path, JSON_TYPES, headers, params=params, data=form, json=json_body
        )
        return await self._paid(request, credential, cost)

    @asynccontextmanager
    async def page(
        self, path: str, params: Params, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[PageAnswer]:
        """A public web page, to be read within the block; errors as for `get_json`.

        A page looks well until it is read: a PlatformError that the block raises is the page's
        failure and reaches the breaker and the log. A redirect is a LoginWall.
        """
        request = self._request("GET", path, PAGE_TYPES, headers, params=params)
        lane = Lane(self._platform, PAGES, self._host)
        await self._gate.enter(lane, 1)
        try:
            status, content, answered = await self._exchange(request, PAGE_TYPES)
            # A broken character spoils itself only.
            yield PageAnswer(status, content.decode("utf-8", "replace"), answered)
        except PlatformError as error:
            await self._failed(lane, error)
            raise
        await self._answered(lane, status, answered)

    async def refused(self, error: PlatformError, *, credential: str = APP) -> PlatformError:
        """Tell the gate of a limit that only the adapter could read; answers the same error.

        An answer of 402 or a code in a body reaches the budget this way. Any refusal may be
        passed through here; those that say nothing about a budget come back unheard.
        """
        if isinstance(error, RateLimited):
            await self._gate.learn(Lane(self._platform, credential, self._host), error)
        return error

    def _request(
        self,
        method: str,
        path: str,
        types: Sequence[str],
        headers: Mapping[str, str] | None,
        **content: Any,
    ) -> httpx.Request:
        """A request to this client's own host.

        Raises:
            NotSupported: it cannot be written, or would go to another host.
        """
        try:
            request = self._client.build_request(
                method, path, headers={"Accept": types[0], **(headers or {})}, **content
            )
        except (httpx.InvalidURL, ValueError, TypeError):
            # The error's own text quotes what could not be written.
            raise NotSupported("the request cannot be written") from None
        # An address out of an answer, such as a next page's, could lead keys astray.
        if request.url.copy_with(raw_path=b"/") != self._origin:
            raise NotSupported("an address on another host")
        return request

    async def _paid(self, request: httpx.Request, credential: str, cost: int) -> JsonAnswer:
        lane = Lane(self._platform, credential, self._host)
        await self._gate.enter(lane, cost)
        try:
            status, content, headers = await self._exchange(request, JSON_TYPES)
            body = decoded(content)
        except PlatformError as error:
            await self._failed(lane, error)
            raise
        await self._answered(lane, status, headers)
        return JsonAnswer(status, body, headers)

    async def _answered(self, lane: Lane, status: int, headers: Mapping[str, str]) -> None:
        if status < REFUSED:
            record_platform_call(platform=self._platform.value, outcome="ok")
        else:
            # What it means only the adapter knows; that an account is gone is no trouble at all.
            self._note_failure("refused", str(status), level=logging.INFO)
        await self._gate.learn(lane, headers)

    async def _failed(self, lane: Lane, error: PlatformError) -> None:
        self._note_failure(error.outcome, error.reason)
        await self._gate.learn(lane, error)

    def _note_failure(self, outcome: str, reason: str, *, level: int = logging.WARNING) -> None:
        """The one log line of a call that brought no data."""
        platform = self._platform.value
        record_platform_call(platform=platform, outcome=outcome)
        get_logger().log(
            level,
            "platform call failed",
            action="platform_call_failed",
            platform=platform,
            outcome=outcome,
            reason=reason,
        )

    async def _exchange(
        self, request: httpx.Request, types: Sequence[str]
    ) -> tuple[int, bytes, Mapping[str, str]]:
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._client.send(request, stream=True)
                try:
                    self._require_answer(response, types)
                    content = await self._read(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise Unavailable("the deadline passed") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unavailable(type(error).__name__) from None
        return response.status_code, content, dict(response.headers)

    def _require_answer(self, response: httpx.Response, types: Sequence[str]) -> None:
        if response.status_code == TOO_MANY:
            raise RateLimited("429", retry_at=retry_at(response.headers, self._clock.now()))
        if response.status_code >= SERVER_ERROR:
            raise Unavailable(str(response.status_code))
        if response.is_redirect or 300 <= response.status_code < 400:  # noqa: PLR2004 - Any 3xx.
            raise LoginWall("redirect")
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind in types:
            return
        if kind == "text/html":
            raise LoginWall("a web page")
        raise ParseFailed("not the asked-for content type")

    async def _read(self, response: httpx.Response) -> bytes:
        """The decoded body; both what comes over the wire and what it inflates to are capped."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip"}:
            raise ParseFailed("an encoding that was not asked for")
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
        content = bytearray()
        received = 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            room = self._max_bytes - len(content) + 1
            try:
                content += inflater.decompress(chunk, room) if inflater else chunk
            except zlib.error as error:
                raise ParseFailed("broken gzip") from error
            if received > self._max_bytes or len(content) > self._max_bytes:
                raise ParseFailed("too large")
        if inflater is not None and (not inflater.eof or inflater.unused_data):
            raise ParseFailed("the gzip stream breaks off or goes on")
        return bytes(content)


def decoded(content: bytes) -> Any:
    """The JSON document of an answer.

    Raises:
        ParseFailed: it is none, or nested too deeply.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        # The error would carry the whole body with it.
        raise ParseFailed("broken JSON") from None
