"""What every request keeps to: the size of its body, the time it takes, headers for browsers."""

import asyncio
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import AppError, TooLarge
from app.core.web import answer_app_error
from app.settings import Settings

LARGEST_BODY = 1024 * 1024
FORM_OVERHEAD = 64 * 1024
# Files are counted once more by who reads them.
UPLOADS = ("/imports", "/follower-lists", "/evidence", "/impor", "/unggah")
# What reads or writes whole registries takes its time.
LONG = (*UPLOADS, "/apply", ".pdf", ".xlsx", ".csv")
# Nothing of an answer may be loaded into, run in or framed by another page.
FOR_BROWSERS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000")


class TookTooLong(AppError):
    """The request took longer than {seconds} s and was ended; nothing of it was stored."""

    status = 503
    title = "Service unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class Guard:
    """Plain ASGI for speed: it wraps what comes in and what goes out."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._largest_upload = settings.max_upload_bytes + FORM_OVERHEAD
        self._seconds = settings.request_seconds
        self._upload_seconds = settings.upload_seconds
        secure = settings.public_address().startswith("https://")
        self._for_browsers = (*FOR_BROWSERS, HSTS) if secure else FOR_BROWSERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        uploads = scope["method"] == "POST" and path.endswith(UPLOADS)
        limit = self._largest_upload if uploads else LARGEST_BODY
        seconds = self._upload_seconds if path.endswith(LONG) else self._seconds
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add(message, self._for_browsers)
            await send(message)

        if _told_length(scope) > limit:
            await answer_app_error(TooLarge(limit=limit))(scope, receive, send_guarded)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.app(scope, _counted(receive, limit), send_guarded)
        except TimeoutError:
            if started:
                raise
            await answer_app_error(TookTooLong(seconds=seconds))(scope, receive, send_guarded)


def _add(message: Message, headers: Sequence[tuple[bytes, bytes]]) -> None:
    kept = message.setdefault("headers", [])
    there = {name.lower() for name, _ in kept}
    kept.extend(header for header in headers if header[0] not in there)


def _told_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # The framework passes on nothing else out of its reading of a body.
            raise HTTPException(TooLarge.status)
        return message

    return receive_counted
