"""Posting a signed JSON message to an address that somebody has set; follows no redirect.

The signature is that of Standard Webhooks: HMAC-SHA256 over id, time and body.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import httpx

# httpx logs whole addresses at INFO, and an operator's address may hold a key.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - What marks a secret, and none itself.
TIMEOUT_SECONDS: Final = 15.0
Transport = httpx.AsyncBaseTransport
Client = httpx.AsyncClient


class PostingFailed(Exception):
    """No answer came; the words never hold the address."""


class PostingTimedOut(PostingFailed):
    """No answer came in time."""


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for: base64 behind `whsec_`, or else the text itself."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except (ValueError, binascii.Error):
            pass
    return secret.encode()


def signature(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """One signature of `webhook-signature`, which may hold several."""
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    digest = hmac.new(signing_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    secrets: Sequence[str], message_id: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """The headers by which a receiver knows who sent a message, when, and whether again.

    While a secret is exchanged for another, the message bears a signature of each.
    """
    return {
        "content-type": "application/json",
        "user-agent": "simedsos/0.1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signature(each, message_id, at, body) for each in secrets),
    }


def posting_client(
    timeout_seconds: float = TIMEOUT_SECONDS, transport: Transport | None = None
) -> httpx.AsyncClient:
    """A client for messages, to be closed by who has opened it."""
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(timeout_seconds),
        transport=transport,
    )


async def post_signed(
    client: httpx.AsyncClient,
    url: str,
    secrets: Sequence[str],
    message_id: str,
    body: bytes,
    *,
    at: datetime,
) -> int:
    """Post a message; answers the status. The body of the answer is not read.

    Raises:
        PostingTimedOut: no answer came in time.
        PostingFailed: nobody could be reached, or the connection broke off.
    """
    try:
        async with client.stream(
            "POST", url, content=body, headers=signed_headers(secrets, message_id, at, body)
        ) as response:
            return response.status_code
    except httpx.TimeoutException:
        raise PostingTimedOut from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise PostingFailed from None
