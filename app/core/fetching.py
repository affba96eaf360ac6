"""Asking an address that the operator has set for one JSON document; follows no redirect."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

# httpx logs whole addresses at INFO, and a code or a token may stand in one.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

TIMEOUT_SECONDS: Final = 5.0
LARGEST_BYTES: Final = 256 * 1024


class FetchFailed(Exception):
    """No JSON object came; the words never hold the address."""


class FetchRefused(FetchFailed):
    """The other side has answered, and refuses."""


async def fetch_json(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    basic: tuple[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> dict[str, Any]:
    """The JSON object at an address; with `form`, the answer to posting it.

    Raises:
        FetchRefused: the status is one of a client's errors.
        FetchFailed: nobody answered in time, or not with a JSON object of at most 256 KiB.
    """
    try:
        async with (
            httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=httpx.Timeout(timeout_seconds)
            ) as client,
            client.stream(
                "GET" if form is None else "POST",
                url,
                data=form,
                auth=basic,
                headers={"accept": "application/json", "user-agent": "simedsos/0.1"},
            ) as response,
        ):
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_BYTES:
                    raise FetchFailed
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise FetchFailed from None
    if response.is_client_error:
        raise FetchRefused
    return _object(body) if response.is_success else _fail()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else _fail()


def _fail() -> dict[str, Any]:
    raise FetchFailed
