"""Faults that a person or a test orders, and what each does to an answer of the sandbox."""

import asyncio
import zlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import Final, Literal, assert_never

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.platforms.base import Platform
from app.platforms.sandbox.world import AccountState, WorldAccount, count_at

HANG_SECONDS = 120.0
RETRY_SECONDS = 30.0
DRIP_SECONDS = 0.2
BOMB_BYTES = 100 * 1024 * 1024
DEPTH = 100_000
# As much as lists were seen to lose: the number that makes a short list look whole.
WRONG_PERCENT = 97
LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Log in</title></head><body>"
    b'<form id="loginform" action="/login" method="post"><input name="username">'
    b'<input name="password" type="password"></form></body></html>'
)

Refusals = Mapping["Fault", tuple[int, bytes]]
RetryForm = Literal["seconds", "date", "none"]


class Fault(StrEnum):
    """What can go wrong with an answer."""

    CREDITS_EXHAUSTED = "credits_exhausted"
    CURSOR_LOOP = "cursor_loop"
    CUT_OFF = "cut_off"
    DEEP_JSON = "deep_json"
    DUPLICATE_PAGES = "duplicate_pages"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - The name of a fault.
    GARBAGE_COUNT = "garbage_count"
    GZIP_BOMB = "gzip_bomb"
    HANG = "hang"
    HIDDEN_LIST = "hidden_list"
    KEY_INVALID = "key_invalid"
    LOGIN_PAGE = "login_page"
    LOST_ROTATION = "lost_rotation"
    NEGATIVE_COUNT = "negative_count"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    REDIRECT_LOOP = "redirect_loop"
    RENAMED_ID = "renamed_id"
    SERVER_ERROR = "server_error"
    SHORT_ANSWER = "short_answer"
    SHORT_LIST = "short_list"
    SLOW = "slow"
    TRUNCATED = "truncated"
    WRONG_TOTAL = "wrong_total"
    WRONG_TYPE = "wrong_type"


# Faults that only some platforms can have; the others have no such thing to lose.
ONLY_OF: Final[Mapping[Fault, frozenset[Platform]]] = MappingProxyType({
    Fault.CREDITS_EXHAUSTED: frozenset({Platform.X}),
    Fault.KEY_INVALID: frozenset({Platform.YOUTUBE}),
    Fault.QUOTA_EXCEEDED: frozenset({Platform.YOUTUBE}),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """One fault to come.

    `seconds` is how long to hang, to rest between two bytes, or when to retry, `form` how
    `Retry-After` is written, `platform_id` the only account to spoil. `times` is None for "until
    cleared".
    """

    platform: Platform
    fault: Fault
    times: int | None = 1
    seconds: float | None = None
    form: RetryForm = "seconds"
    platform_id: str | None = None

    @property
    def retry_seconds(self) -> float:
        """How long a client is asked to wait."""
        return RETRY_SECONDS if self.seconds is None else self.seconds


@dataclass(frozen=True, slots=True)
class FailureRate:
    """That a share of a platform's answers is spoilt, each by one of these faults, by lot."""

    platform: Platform
    share: float
    faults: tuple[Fault, ...]
    seed: int = 0


class Lot:
    """Draws for one platform; the same seed spoils the same answers in the same way."""

    def __init__(self, rate: FailureRate) -> None:
        self._rate = rate
        self._random = Random(f"{rate.seed} {rate.platform}")  # noqa: S311 - Lots, no secrets.

    def draw(self) -> FaultOrder | None:
        """What spoils the next answer; None where it comes unspoilt."""
        if self._random.random() >= self._rate.share:
            return None
        return FaultOrder(self._rate.platform, self._random.choice(self._rate.faults))


@dataclass(slots=True)
class Answers:
    """How many answers a platform has given, and how many of them were spoilt."""

    given: int = 0
    spoilt: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as one answer shows it; `followers` is text where the answer is spoilt."""

    platform_id: str
    handle: str
    display_name: str
    created_at: datetime
    hidden: bool
    followers: int | str


def shown(account: WorldAccount, now: datetime) -> Shown:
    """What an honest answer says of an account now."""
    return Shown(
        platform_id=account.platform_id,
        handle=account.handle,
        display_name=account.display_name,
        created_at=account.created_at,
        hidden=account.state is AccountState.HIDDEN,
        followers=count_at(account, now),
    )


class Faults:
    """The orders not yet used up, first come first served for each platform, before any lot."""

    def __init__(self) -> None:
        self._orders: deque[FaultOrder] = deque()
        self._lots: dict[Platform, Lot] = {}
        self._drawn: dict[Platform, FaultOrder | None] = {}
        self.answers: defaultdict[Platform, Answers] = defaultdict(Answers)

    def add(self, order: FaultOrder) -> None:
        """Put an order behind those that wait."""
        self._orders.append(order)

    def fail(self, rate: FailureRate) -> None:
        """From now on spoil a share of a platform's answers."""
        self._lots[rate.platform] = Lot(rate)
        self._drawn.pop(rate.platform, None)

    def clear(self) -> None:
        """Forget every order and every rate."""
        self._orders.clear()
        self._lots.clear()
        self._drawn.clear()

    def pending(self) -> list[FaultOrder]:
        """The orders that wait, with the times that are left."""
        return list(self._orders)

    def peek(self, platform: Platform) -> FaultOrder | None:
        """The order that `take` will give."""
        for order in self._orders:
            if order.platform is platform:
                return order
        if platform in self._lots and platform not in self._drawn:
            self._drawn[platform] = self._lots[platform].draw()
        return self._drawn.get(platform)

    def take(self, platform: Platform) -> FaultOrder | None:
        """The order that spoils the next answer of a platform, used up by one."""
        order = self._take(platform)
        self.answers[platform].given += 1
        self.answers[platform].spoilt += order is not None
        return order

    def _take(self, platform: Platform) -> FaultOrder | None:
        for place, order in enumerate(self._orders):
            if order.platform is not platform:
                continue
            if order.times == 1:
                del self._orders[place]
            elif order.times is not None:
                self._orders[place] = replace(order, times=order.times - 1)
            return order
        drawn = self.peek(platform)
        self._drawn.pop(platform, None)
        return drawn


async def hang(order: FaultOrder | None) -> None:
    """Wait if the order says so; the answer itself comes unspoilt."""
    if order is not None and order.fault is Fault.HANG:
        await asyncio.sleep(HANG_SECONDS if order.seconds is None else order.seconds)


def instead(
    order: FaultOrder | None,
    request: Request,
    refusals: Refusals,
    now: datetime,
) -> Response | None:
    """What is sent instead of an answer; `refusals` are the platform's own status and body."""
    if order is None:
        return None
    if order.fault in refusals:
        status, body = refusals[order.fault]
        headers = retry_after(order, now) if order.fault is Fault.RATE_LIMITED else {}
        return Response(body, status, headers, media_type="application/json")
    return _no_platform_answer(order.fault, f"{request.url.path}?{request.url.query}")


def _no_platform_answer(fault: Fault, here: str) -> Response | None:
    """What a proxy or an attacker might send in the platform's name."""
    match fault:
        case Fault.LOGIN_PAGE:
            return Response(LOGIN_PAGE, media_type="text/html")
        case Fault.REDIRECT_LOOP:
            return Response(status_code=302, headers={"location": here})
        case Fault.DEEP_JSON:
            return Response(b"[" * DEPTH + b"]" * DEPTH, media_type="application/json")
        case Fault.GZIP_BOMB:
            headers = {"content-encoding": "gzip"}
            return Response(_bomb(), headers=headers, media_type="application/json")
        case _:
            return None


def retry_after(order: FaultOrder, now: datetime) -> dict[str, str]:
    """The `Retry-After` header in the form that was ordered."""
    match order.form:
        case "seconds":
            return {"retry-after": f"{order.retry_seconds:.0f}"}
        case "date":
            until = now + timedelta(seconds=order.retry_seconds)
            return {"retry-after": format_datetime(until, usegmt=True)}
        case "none":
            return {}
        case _:
            assert_never(order.form)


def twisted(answers: Iterable[Shown], order: FaultOrder | None) -> list[Shown]:
    """The accounts of an answer, with the ordered ones spoilt or left out."""
    honest = list(answers)
    if order is None or not honest:
        return honest
    meant = {order.platform_id} if order.platform_id else {each.platform_id for each in honest}
    if order.fault is Fault.SHORT_ANSWER:
        dropped = order.platform_id or honest[-1].platform_id
        return [each for each in honest if each.platform_id != dropped]
    return [_twist(each, order.fault) if each.platform_id in meant else each for each in honest]


def _twist(answer: Shown, fault: Fault) -> Shown:
    if fault is Fault.NEGATIVE_COUNT:
        return replace(answer, followers=-1)
    if fault is Fault.GARBAGE_COUNT:
        return replace(answer, followers="banyak")
    if fault is Fault.WRONG_TOTAL and isinstance(answer.followers, int):
        return replace(answer, followers=answer.followers * WRONG_PERCENT // 100)
    if fault is Fault.RENAMED_ID:
        head, tail = answer.platform_id[:-22], answer.platform_id[-22:]
        # Turned round, an id keeps the letters and the length that its platform allows.
        return replace(answer, platform_id=head + tail[::-1])
    return answer


def mangled(response: Response, order: FaultOrder | None) -> Response:
    """The finished answer, with its bytes or headers spoilt."""
    if order is None:
        return response
    body = bytes(response.body)
    half = body[: len(body) // 2]
    headers = dict(response.headers)
    del headers["content-length"]
    if order.fault is Fault.TRUNCATED:
        return Response(half, response.status_code, headers)
    if order.fault is Fault.SLOW:
        return StreamingResponse(_dripping(body, order), response.status_code, headers)
    if order.fault is Fault.CUT_OFF:
        return Response(half, response.status_code, {**headers, "content-length": str(len(body))})
    if order.fault is Fault.WRONG_TYPE:
        return Response(body, response.status_code, {**headers, "content-type": "text/html"})
    return response


async def _dripping(body: bytes, order: FaultOrder) -> AsyncIterator[bytes]:
    between = DRIP_SECONDS if order.seconds is None else order.seconds
    for place in range(len(body)):
        yield body[place : place + 1]
        await asyncio.sleep(between)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    packer = zlib.compressobj(level=9, wbits=31)
    block = b" " * (1024 * 1024)
    pieces = [packer.compress(b"{")]
    pieces += [packer.compress(block) for _ in range(BOMB_BYTES // len(block))]
    pieces += [packer.compress(b"}"), packer.flush()]
    return b"".join(pieces)
