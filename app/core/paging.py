"""Cursor pages: keyset over ids, the cursor opaque to callers."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from app.core.errors import FieldError, Invalid

Item = TypeVar("Item")


class HasId(Protocol):
    """A row that can stand at a page's end."""

    @property
    def id(self) -> UUID: ...


class CursorInvalid(Invalid):
    """The cursor is not one that this list has given; start again without it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: rows after the id `after`, at most `limit`."""

    after: UUID | None
    limit: int


Row = TypeVar("Row", bound=HasId)


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null at the end."""

    items: list[Item]
    next: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name that generated clients see, such as EmployeePage."""
        return f"{params[0].__name__.removesuffix('Out')}Page"


def encode_cursor(last: UUID) -> str:
    """An opaque cursor that stands behind the row `last`."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> UUID:
    """The row behind which a cursor stands.

    Raises:
        CursorInvalid: it was not made by `encode_cursor`.
    """
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise CursorInvalid(
            errors=[FieldError("/query/cursor", "cursor", "not a cursor of this list")]
        ) from error


async def page_request(
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50,
) -> PageRequest:
    """The page that the query string asks for."""
    return PageRequest(decode_cursor(cursor) if cursor else None, limit)


PageDep = Annotated[PageRequest, Depends(page_request)]


def split_page(rows: Sequence[Row], page: PageRequest) -> tuple[list[Row], str | None]:
    """Cut the one row too many that a query fetched to learn whether more follow."""
    kept = list(rows[: page.limit])
    return kept, encode_cursor(kept[-1].id) if len(rows) > page.limit else None
