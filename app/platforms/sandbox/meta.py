"""What the sandbox's Instagram, Facebook and Threads share: Graph errors, usage headers, pages."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.platforms.sandbox.desk import Desk, Make, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder
from app.platforms.sandbox.world import AccountState, WorldAccount, WorldToken

JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=utf-8"
GONE: Final = frozenset({AccountState.SUSPENDED, AccountState.DEACTIVATED})
BUSINESS = "112130216863063"
# A web page numbers an account by ten digits, made here of the last nine of its Graph id.
LONGEST_WEB_ID = 12
WEB_DIGITS = 9


def graph_error(
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    kind: str = "OAuthException",
    transient: bool | None = None,
) -> bytes:
    """An error object in the form of the Graph API."""
    error: dict[str, object] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    if transient is not None:
        error["is_transient"] = transient
    return orjson.dumps({"error": {**error, "fbtrace_id": "ASandboxTrace0000000000"}})


INVALID_TOKEN = graph_error(190, "Invalid OAuth access token - Cannot parse access token")
REFUSALS: Final = MappingProxyType({
    Fault.EXPIRED_TOKEN: (
        400,
        graph_error(
            190,
            "Error validating access token: Session has expired on Tuesday, 24-Nov-26 00:00:00.",
            subcode=463,
        ),
    ),
    Fault.RATE_LIMITED: (
        403,
        graph_error(4, "(#4) Application request limit reached", transient=True),
    ),
    Fault.SERVER_ERROR: (
        500,
        graph_error(2, "An unexpected error has occurred. Please retry later.", transient=True),
    ),
})  # fmt: skip
PAGE_REFUSALS: Final = MappingProxyType({
    Fault.RATE_LIMITED: (429, b"{}"),
    Fault.SERVER_ERROR: (503, b"{}"),
})  # fmt: skip


def no_object(asked: str) -> Refused:
    """The one refusal for what is missing, forbidden, or of the wrong kind."""
    return Refused(
        400,
        graph_error(
            100,
            f"Unsupported get request. Object with ID '{asked}' does not exist, cannot be loaded "
            "due to missing permissions, or does not support this operation",
            subcode=33,
            kind="GraphMethodException",
        ),
    )


async def graph_answer(desk: Desk, request: Request, make: Make) -> Response:
    """An answer of a Graph API, which tells how much of its limits is used up."""
    limited = desk.faults.peek(desk.platform)
    response = await desk.answer(request, make)
    response.headers.update(usage(limited))
    return response


def usage(order: FaultOrder | None) -> Mapping[str, str]:
    """The two usage headers; a limit that is reached says in minutes when it is free again."""
    reached = order is not None and order.fault is Fault.RATE_LIMITED
    shares = {"call_count": 100 if reached else 12, "total_cputime": 3, "total_time": 4}
    minutes = math.ceil(order.retry_seconds / 60) if order is not None and reached else 0
    business = {
        "type": "pages",
        **shares,
        "estimated_time_to_regain_access": minutes,
        "ads_api_access_tier": "development_access",
    }
    return {
        "x-app-usage": orjson.dumps(shares).decode(),
        "x-business-use-case-usage": orjson.dumps({BUSINESS: [business]}).decode(),
    }


def require_token(desk: Desk, request: Request) -> WorldToken:
    """Whom the request's token speaks for."""
    caller = desk.bearer(request)
    if caller is None:
        raise Refused(400, INVALID_TOKEN)
    return caller


def chosen(node: Mapping[str, object], fields: Iterable[str]) -> dict[str, object]:
    """The asked-for fields of a node, and always its id."""
    return {name: node[name] for name in dict.fromkeys((*fields, "id")) if name in node}


def web_id(platform_id: str) -> str:
    """The id by which a web page knows an account: another one than the Graph API's."""
    if len(platform_id) <= LONGEST_WEB_ID:
        return platform_id
    return f"6{platform_id[-WEB_DIGITS:]}"


def is_there(account: WorldAccount | None) -> bool:
    """Whether an account shows itself to anybody."""
    return account is not None and account.state not in GONE


def data_page(title: str, *blocks: object, head: str = "") -> bytes:
    """A web page that carries data for programs, deep within lists as Meta's pages do."""
    # A name may hold what would end the script block.
    scripts = b"".join(
        b'<script type="application/json" data-content-len="1" data-sjs>'
        + orjson.dumps(
            {"require": [["ScheduledServerJS", "handle", None, [{"__bbox": block}]]]}
        ).replace(b"<", b"\\u003c")
        + b"</script>"
        for block in blocks
    )
    return b"".join((
        b'<!DOCTYPE html><html lang="en"><head><title>',
        title.encode(),
        b"</title>",
        head.encode(),
        b'</head><body><script type="application/json" data-sjs>{"require":[]}</script>',
        scripts,
        b"</body></html>",
    ))  # fmt: skip
