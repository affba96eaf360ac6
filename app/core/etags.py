"""ETag and If-Match: an edit names the version that it was made from."""

from typing import Annotated

from fastapi import Depends, Header

from app.core.errors import PreconditionFailed, PreconditionRequired


def etag(version: int) -> str:
    """The strong entity tag of a row's version."""
    return f'"{version}"'


async def expected_version(
    if_match: Annotated[str | None, Header(description="ETag of the version that was read")] = None,
) -> int:
    """The version that the caller read.

    Raises:
        PreconditionRequired: no If-Match was sent.
        PreconditionFailed: it is no ETag of ours.
    """
    if if_match is None:
        raise PreconditionRequired
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:  # noqa: PLR2004 - bigint.
        raise PreconditionFailed
    return int(digits)


ExpectedVersion = Annotated[int, Depends(expected_version)]


def require_version(current: int, expected: int) -> None:
    """Refuse an edit made from an older version.

    Raises:
        PreconditionFailed: the row has moved on.
    """
    if current != expected:
        raise PreconditionFailed
