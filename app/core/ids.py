"""Ids are UUIDv7, made here and not in SQL, so that PostgreSQL 15 is enough."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new time-ordered id."""
    return uuid7()
