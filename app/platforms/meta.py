"""What Instagram, Facebook and Threads share: the Graph API's errors, its limits, and routes.

Sources: platforms.md sections 1, 2 and 6; Meta's "Graph API: Handling Errors" and "Rate Limits".
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.core.clock import Clock
from app.platforms.base import (
    Ambiguous,
    CountReading,
    CredentialsBad,
    Existence,
    ExistenceState,
    NotSupported,
    ParseFailed,
    PlatformError,
    Precision,
    RateLimited,
    Target,
    Unavailable,
    existence_after,
)
from app.platforms.headers import USAGE_WAIT, retry_at, usage_pause
from app.platforms.http import APP, JsonAnswer, PlatformHttp, credential_label
from app.platforms.numbers import read_count
from app.platforms.pages import Page
from app.platforms.reading import count_of, mapping_of, text_of

OK = 200
API = "/v26.0"
# Meta answers nearly every error with HTTP 400, so these numbers are what an error means.
LIMIT_CODES: Final = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
TOKEN_CODES: Final = frozenset({102, 190})
TOKEN_SUBCODES: Final = frozenset({458, 459, 460})
PERMISSION_CODES: Final = frozenset({3, 10, *range(200, 300)})
TRANSIENT_CODES: Final = frozenset({1, 2})
POLICY_CODE: Final = 368
CONSENT_CODE: Final = 230
INVALID_CODE: Final = 100
ALIAS_CODE: Final = 803
ALIAS_UNKNOWN = "no such alias"
POLICY_WAIT = timedelta(hours=1)
# Handles and ids become parts of paths and of field expressions, where other signs have a meaning.
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}")
# Web pages know accounts by a `pk` of up to eleven digits, the Graph API by longer ids.
LONGEST_WEB_ID = 12
# A browser says so when a person opens an address; Threads answers nothing else.
NAVIGATION: Final = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass(frozen=True, slots=True)
class GraphError:
    """The error object of a Graph answer."""

    code: int
    subcode: int | None
    transient: bool
    message: str = field(repr=False)


def error_of(body: object) -> GraphError | None:
    """The error that an answer holds, if it holds one."""
    found = body.get("error") if isinstance(body, dict) else None
    code = found.get("code") if isinstance(found, dict) else None
    if not isinstance(found, dict) or isinstance(code, bool) or not isinstance(code, int):
        return None
    subcode, message = found.get("error_subcode"), found.get("message")
    return GraphError(
        code,
        subcode if isinstance(subcode, int) else None,
        found.get("is_transient") is True,
        message if isinstance(message, str) else "",
    )


def meaning(error: GraphError, headers: Mapping[str, str], now: datetime) -> PlatformError:
    """What an error of the Graph API asks of us, by its code and never by its HTTP status."""
    code = error.code
    # Meta calls its limits transient too, so they come before what is only transient.
    if code in LIMIT_CODES or code == POLICY_CODE:
        otherwise = POLICY_WAIT if code == POLICY_CODE else USAGE_WAIT
        return RateLimited("a limit", retry_at=regain_at(headers, now, otherwise))
    if code in TOKEN_CODES or error.subcode in TOKEN_SUBCODES:
        return CredentialsBad("the token is refused")
    if code == CONSENT_CODE:
        return NotSupported("without the person's consent")
    if code in PERMISSION_CODES:
        return CredentialsBad("permission")
    if code in TRANSIENT_CODES or error.transient:
        return Unavailable("a transient error")
    return _two_meanings(error)


def _two_meanings(error: GraphError) -> PlatformError:
    """Errors about one account: they never say whether it is missing or only out of reach."""
    if error.code == ALIAS_CODE and "do not exist" in error.message:
        return Ambiguous(ALIAS_UNKNOWN)
    # One code means "no such account" and "the wrong kind of token"; only the words differ.
    if error.code == INVALID_CODE and "app token" in error.message:
        return CredentialsBad("the wrong kind of token")
    return Ambiguous("missing or out of reach; the API does not say which")


def regain_at(headers: Mapping[str, str], now: datetime, otherwise: timedelta) -> datetime:
    """When to ask again after a limit, by the answer's headers where they say it."""
    if "retry-after" in headers:
        return retry_at(headers, now)
    return usage_pause(headers, now) or now + otherwise


class Graph:
    """A Graph API, asked with one token at a time."""

    def __init__(self, http: PlatformHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        token: str,
        *,
        own: bool = False,
        use: str = "",
    ) -> dict[str, Any]:
        """The object at a path; `own` says that the token is an account's and not the app's.

        Meta counts an account's calls by their use, so each use has a budget of its own.

        Raises:
            PlatformError: as the error's code says, whatever the HTTP status.
        """
        label = credential_label(f"{use}{token}") if own else APP
        answer = await self._http.get_json(
            path, {**params, "access_token": token}, credential=label
        )
        try:
            return self._body(answer)
        except RateLimited as error:
            raise await self._http.refused(error, credential=label) from None

    def _body(self, answer: JsonAnswer) -> dict[str, Any]:
        error = error_of(answer.body)
        if error is not None:
            raise meaning(error, answer.headers, self._clock.now())
        if answer.status != OK:
            raise ParseFailed("a refusal without an error")
        return mapping_of(answer.body)


def next_cursor(body: Mapping[str, Any]) -> str | None:
    """Where the next page of a Graph list begins; None at its end.

    The address of the next page is never used: it holds the token, and could lead anywhere.
    """
    paging = body.get("paging")
    if not isinstance(paging, dict) or "next" not in paging:
        return None
    return text_of(mapping_of(paging.get("cursors")).get("after"))


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as one route shows it.

    `ids` are all the ids by which the route knows the account, the stable one first;
    `other_handle` says that it was asked for by a handle that is not its own. `followers` is
    what the API calls the count, `written` how a page words it in English.
    """

    source: str
    ids: tuple[str, ...]
    handle: str | None
    other_handle: bool = False
    followers: object = None
    written: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Untold:
    """What went wrong, and on which route."""

    error: PlatformError
    source: str


@dataclass(frozen=True, slots=True)
class Route:
    """One way of asking about an account."""

    source: str
    ask: Callable[[Target], Awaitable[Seen]]


async def told_by(routes: Iterable[Route], target: Target) -> Seen | Untold:
    """What the first route says that can tell."""
    told: Seen | Untold = Untold(NotSupported("no route"), "none")
    for route in routes:
        told = await next_route(told, route, target)
    return told


async def next_route(told: Seen | Untold, route: Route, target: Target) -> Seen | Untold:
    """What a further route says where the one before could not tell.

    A limit or a fault ends the asking: another route would not be refused, only disturbed.
    """
    if isinstance(told, Seen) or not may_go_on(told.error):
        return told
    try:
        return await route.ask(target)
    except PlatformError as error:
        # A refused token stays in sight where nothing else helps: only a person can renew it.
        return told if isinstance(told.error, CredentialsBad) else Untold(error, route.source)


def may_go_on(error: PlatformError) -> bool:
    """Whether another route may know what this one could not tell."""
    return isinstance(error, CredentialsBad | Ambiguous | NotSupported)


def is_plain(target: Target) -> bool:
    """Whether a target's handle and id can be put into a request without changing its meaning."""
    return all(PLAIN.fullmatch(text) for text in (target.handle, target.platform_id or "0"))


def require_same(target: Target, seen: Seen) -> None:
    """Make sure that the account that answered is the one that was asked about.

    Raises:
        Ambiguous: another id or handle answered, so the account was renamed or changed hands.
    """
    known = target.platform_id
    comparable = known is not None and [each for each in seen.ids if same_kind(each, known)]
    if comparable:
        if known not in comparable:
            raise Ambiguous("another id answered")
    elif seen.other_handle:
        raise Ambiguous("another handle answered")


def same_kind(one: str, other: str) -> bool:
    """Whether two ids can be compared: the Graph API and the web number accounts differently."""
    return is_web_id(one) is is_web_id(other)


def is_web_id(platform_id: str) -> bool:
    """Whether an id is one of Instagram's and Threads' web pages."""
    return platform_id.isdigit() and len(platform_id) <= LONGEST_WEB_ID


def count_from(target: Target, told: Seen | Untold) -> CountReading | PlatformError:
    """The follower count in what a route told."""
    if isinstance(told, Untold):
        return told.error
    try:
        require_same(target, told)
        platform_id = next(iter(told.ids), target.platform_id)
        if platform_id is None:
            return ParseFailed("the answer names no id")
        # The Graph API, which asks by id, would not know an account by its web number.
        if is_web_id(platform_id):
            platform_id = target.platform_id
        if told.written is not None:
            read = read_count(told.written, "en")
            least, most, precision, raw = read.least, read.most, read.precision, told.written
        else:
            least = most = count_of(told.followers)
            precision, raw = Precision.EXACT, str(least)
    except PlatformError as error:
        return error
    return CountReading(platform_id, told.handle, least, most, raw, precision, told.source)


def existence_from(target: Target, told: Seen | Untold) -> Existence | PlatformError:
    """Whether the account is there, by what a route told."""
    if isinstance(told, Untold):
        return existence_after(told.error, told.source)
    try:
        require_same(target, told)
    except Ambiguous as error:
        return existence_after(error, told.source)
    state = ExistenceState.PRIVATE if told.private else ExistenceState.EXISTS
    # The API and the pages number one account differently, and a Page has two ids: it is the same.
    platform_id = target.platform_id or next(iter(told.ids), None)
    return Existence(state, told.source, platform_id, told.handle)


def asks_to_sign_in(page: Page) -> bool:
    """Whether a page without data is one of those that Meta shows to unwelcome guests."""
    named = page.title.lower().startswith(("login", "log in"))
    return named or page.has('input[type="password"], #loginbutton')
