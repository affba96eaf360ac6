"""Asking SIASN: two tokens on each request, no redirects, every answer capped, no guessing.

The API manager's token is fetched with the consumer key and kept until it expires; the SSO token
comes from the operator and lives for hours. A NIP stands in the address, as SIASN demands it, so
no address reaches a log or an error's text.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, NoReturn
from urllib.parse import urlsplit

import httpx

from app.core.clock import Clock
from app.core.logs import get_logger
from app.platforms.headers import retry_at
from app.settings import Settings
from app.siasn import reading
from app.siasn.errors import (
    ConsumerRefused,
    LoginPage,
    NoSuchEmployee,
    NotUnderstood,
    RateLimited,
    Refused,
    SiasnError,
    SsoRefused,
    Unavailable,
)
from app.siasn.reading import Appointment, Servant, Unor

# httpx logs whole addresses at INFO, and a NIP stands in them.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

BASE_URL: Final = "https://apimws.bkn.go.id:8243/apisiasn/1.0"
TOKEN_URL: Final = "https://apimws.bkn.go.id/oauth2/token"  # noqa: S105 - An address.
DEADLINE_SECONDS: Final = 30.0
LARGEST_ANSWER: Final = 256 * 1024
LARGEST_LIST: Final = 32 * 1024 * 1024
# A token that expires on the way would be refused.
MARGIN: Final = timedelta(seconds=30)
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500
THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NIP_DIGITS: Final = 18


class SiasnNotSetUp(Exception):
    """SIASN cannot be asked: {what}"""

    def __init__(self, what: str) -> None:
        super().__init__((self.__doc__ or "").format(what=what))


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """Where SIASN is, and by what right it is asked."""

    base_url: str
    token_url: str
    consumer_key: str
    consumer_secret: str
    sso_token: str


def access_of(settings: Settings) -> Access:
    """The access that the settings give.

    Raises:
        SiasnNotSetUp: a part is missing, or would travel in the clear.
    """
    secrets = {
        name: getattr(settings, f"siasn_{name}")
        for name in ("consumer_key", "consumer_secret", "sso_token")
    }
    lacking = [f"SIMEDSOS_SIASN_{name.upper()}" for name, value in secrets.items() if not value]
    if lacking:
        raise SiasnNotSetUp(f"set {', '.join(lacking)}.")
    told = {name: value.get_secret_value().strip() for name, value in secrets.items()}
    # The token is often copied together with the word before it.
    prefix, _, rest = told["sso_token"].partition(" ")
    if prefix.casefold() == "bearer":
        told["sso_token"] = rest.strip()
    if not reading.TOKEN.fullmatch(told["sso_token"]):
        raise SiasnNotSetUp("SIMEDSOS_SIASN_SSO_TOKEN holds something other than a token.")
    base_url = (settings.siasn_base_url or BASE_URL).rstrip("/")
    token_url = settings.siasn_token_url or TOKEN_URL
    for name, url in (("BASE", base_url), ("TOKEN", token_url)):
        if not _is_safe(url):
            raise SiasnNotSetUp(f"SIMEDSOS_SIASN_{name}_URL must begin with https://.")
    return Access(base_url, token_url, **told)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)
    )


class Siasn:
    """A client of SIASN; errors are of the tree in `errors`, and nothing is asked twice."""

    def __init__(
        self,
        access: Access,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._access = access
        self._clock = clock
        self._deadline = deadline_seconds
        self._token: str | None = None
        self._expires_at: datetime | None = None
        self._renewing = asyncio.Lock()
        self._http = httpx.AsyncClient(
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(deadline_seconds),
            headers={
                "Accept": "application/json",
                # What is not packed cannot unpack to more than was sent.
                "Accept-Encoding": "identity",
                "User-Agent": "simedsos/0.1",
            },
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def servant(self, nip: str) -> Servant:
        """What SIASN says of the employee with this NIP.

        Raises:
            NoSuchEmployee: it says that there is none.
            SiasnError: it has not answered, of which nothing follows.
        """
        if not (len(nip) == NIP_DIGITS and nip.isascii() and nip.isdigit()):
            raise Refused("a question about something other than a NIP")
        content = await self._asked("data-utama", f"/pns/data-utama/{nip}", LARGEST_ANSWER)
        with self._told("data-utama"):
            return reading.servant_of(reading.payload_of(content), nip)

    async def units(self) -> Sequence[Unor]:
        """The government's units as SIASN has them.

        Raises:
            SiasnError: it has not answered with a list of units.
        """
        content = await self._asked("ref-unor", "/referensi/ref-unor", LARGEST_LIST)
        with self._told("ref-unor"):
            return reading.units_of(_listed(content))

    async def appointments(self, year: int) -> Sequence[Appointment]:
        """The appointments of a year.

        Raises:
            SiasnError: it has not answered with a list.
        """
        path = f"/pengadaan/list-pengadaan-instansi?tahun={year:04d}"
        content = await self._asked("list-pengadaan", path, LARGEST_LIST)
        with self._told("list-pengadaan"):
            return reading.appointments_of(_listed(content))

    def _told(self, operation: str) -> "_Noting":
        return _Noting(operation)

    async def _asked(self, operation: str, path: str, largest: int) -> bytes:
        """The body of an answer that is no refusal; a token that has expired is renewed once."""
        with self._told(operation):
            token = await self._apim_token()
            status, content = await self._get(path, token, largest)
            if status == UNAUTHORIZED and reading.is_apim_fault(content):
                token = await self._apim_token(instead_of=token)
                status, content = await self._get(path, token, largest)
            if status in {UNAUTHORIZED, FORBIDDEN}:
                by_apim = reading.is_apim_fault(content)
                raise ConsumerRefused if by_apim else SsoRefused
            if status >= 300:  # noqa: PLR2004 - Whatever is left: 4xx, whose body may tell why.
                _refused(content, status)
            return content

    async def _get(self, path: str, token: str, largest: int) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Auth": f"bearer {self._access.sso_token}",
        }
        return await self._sent("GET", f"{self._access.base_url}{path}", largest, headers=headers)

    async def _apim_token(self, *, instead_of: str | None = None) -> str:
        """A token that is good for a while; one request fetches it for all that wait."""
        async with self._renewing:
            now = self._clock.now()
            fresh = self._expires_at is not None and now < self._expires_at
            if self._token is not None and fresh and self._token != instead_of:
                return self._token
            status, content = await self._sent(
                "POST",
                self._access.token_url,
                LARGEST_ANSWER,
                data={"grant_type": "client_credentials"},
                auth=(self._access.consumer_key, self._access.consumer_secret),
            )
            if status >= 300:  # noqa: PLR2004 - Only 4xx is left.
                raise ConsumerRefused
            told = reading.token_of(content)
            self._token = told.value
            lifetime = timedelta(seconds=told.seconds)
            self._expires_at = now + lifetime - min(MARGIN, lifetime / 2)
            return told.value

    async def _sent(
        self,
        method: str,
        url: str,
        largest: int,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is no redirect, no 429 and no 5xx."""
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._http.stream(method, url, headers=headers, data=data, auth=auth) as response,
            ):
                self._require_answer(response)
                content = bytearray()
                async for part in response.aiter_raw():
                    content += part
                    if len(content) > largest:
                        raise NotUnderstood("too large")
        except TimeoutError:
            raise Unavailable("the deadline passed") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            # Its own text may hold the address.
            raise Unavailable(type(error).__name__) from None
        return response.status_code, bytes(content)

    def _require_answer(self, response: httpx.Response) -> None:
        if response.status_code == TOO_MANY:
            raise RateLimited("429", retry_at=retry_at(response.headers, self._clock.now()))
        if response.status_code >= SERVER_ERROR:
            raise Unavailable(str(response.status_code))
        if 300 <= response.status_code < 400:  # noqa: PLR2004 - Any 3xx.
            raise LoginPage("a redirect")
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise NotUnderstood("an encoding that was not asked for")


def _refused(content: bytes, status: int) -> NoReturn:
    """End with what a refusal means: SIASN's own "not found" is one, an address's is none."""
    with suppress(NotUnderstood, LoginPage, Refused):
        reading.payload_of(content)
    raise Refused(str(status))


def _listed(content: bytes) -> object:
    try:
        return reading.payload_of(content)
    except NoSuchEmployee:
        # Said of a list, it says nothing of any employee.
        raise Refused("a list that is not found") from None


class _Noting:
    """Writes the one log line of a question that brought no data."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SiasnError):
            get_logger().info(
                "siasn call failed",
                action="siasn_call_failed",
                operation=self._operation,
                outcome=error.outcome,
                reason=error.reason,
            )
